// SPDX-License-Identifier: LGPL-2.1-or-later
// Writes given captions with ONNX Runtime, one thread, and measures how long that takes.
//
//   onnx-captions FOLDER RUNS [PICTURE TOKENS]...
//
// FOLDER is what export_onnx.py wrote, PICTURE the model's input as bytes (RGB, row by row), TOKENS
// "1,4,59,2": the token of the start, words, the token of the end. Each token is fed to the decoder
// in turn and the likeliest next one is looked up, as a greedy search does. Prints a line of JSON
// for each picture, as soon as its caption is written, and one with the p50 times of RUNS captions.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <iostream>
#include <iterator>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <onnxruntime_cxx_api.h>

namespace {

constexpr int kWarmUpCaptions = 10;

struct Task {
  std::vector<uint8_t> picture;
  std::vector<int64_t> tokens;
};

struct Caption {
  std::vector<int64_t> likeliest;        // after each token but the last
  std::vector<float> log_probabilities;  // of the token that was given next
  std::vector<int64_t> tag_words;
  std::vector<float> tag_probabilities;
  double encode_ms = 0;
  double caption_ms = 0;  // both, from the bytes of the picture
};

double milliseconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start)
      .count();
}

Task read_task(const std::string& picture, const std::string& tokens) {
  Task task;
  std::ifstream file(picture, std::ios::binary);
  task.picture.assign(std::istreambuf_iterator<char>(file), {});
  std::istringstream list(tokens);
  for (std::string token; std::getline(list, token, ',');)
    task.tokens.push_back(std::stoll(token));
  return task;
}

Ort::SessionOptions session_options() {
  Ort::SessionOptions options;
  options.SetIntraOpNumThreads(1);
  options.SetInterOpNumThreads(1);
  options.SetGraphOptimizationLevel(ORT_ENABLE_ALL);
  return options;
}

template <typename Number>
std::vector<Number> numbers_of(const Ort::Value& value) {
  const Number* first = value.GetTensorData<Number>();
  return {first, first + value.GetTensorTypeAndShapeInfo().GetElementCount()};
}

class Captioner {
 public:
  explicit Captioner(const std::string& folder)
      : picture_(environment_, (folder + "/picture.onnx").c_str(), session_options()),
        word_(environment_, (folder + "/word.onnx").c_str(), session_options()),
        picture_shape_(picture_.GetInputTypeInfo(0).GetTensorTypeAndShapeInfo().GetShape()),
        has_tags_(picture_.GetOutputCount() > kShared) {}

  Caption write(Task& task) {
    Caption caption;
    const auto start = std::chrono::steady_clock::now();
    std::vector<Ort::Value> looked = look_at(task.picture);
    caption.encode_ms = milliseconds_since(start);
    for (size_t i = 0; i + 1 < task.tokens.size(); ++i) {
      const Ort::Value scores = step(looked, task.tokens[i]);
      const float* first = scores.GetTensorData<float>();
      const auto words = scores.GetTensorTypeAndShapeInfo().GetElementCount();
      caption.likeliest.push_back(std::max_element(first, first + words) - first);
      caption.log_probabilities.push_back(first[task.tokens[i + 1]]);
    }
    caption.caption_ms = milliseconds_since(start);
    if (has_tags_) {
      caption.tag_words = numbers_of<int64_t>(looked[kShared]);
      caption.tag_probabilities = numbers_of<float>(looked[kShared + 1]);
    }
    return caption;
  }

 private:
  static constexpr size_t kShared =
      3;  // values that go from one graph to the other; hidden is last

  std::vector<Ort::Value> look_at(std::vector<uint8_t>& rgb) {
    static const std::array<const char*, 1> inputs = {"rgb"};
    static const std::array<const char*, 5> outputs = {"features", "keys", "hidden", "tag_words",
                                                       "tag_probabilities"};
    const Ort::Value picture = Ort::Value::CreateTensor<uint8_t>(
        memory_, rgb.data(), rgb.size(), picture_shape_.data(), picture_shape_.size());
    return picture_.Run(Ort::RunOptions(), inputs.data(), &picture, inputs.size(), outputs.data(),
                        has_tags_ ? outputs.size() : kShared);
  }

  // The log-probabilities of the words that may follow; changes the state in `looked`.
  Ort::Value step(std::vector<Ort::Value>& looked, int64_t token) {
    static const std::array<const char*, kShared + 1> inputs = {"features", "keys", "hidden",
                                                                "word"};
    static const std::array<const char*, 2> outputs = {"log_probabilities", "next_hidden"};
    const std::array<int64_t, 1> one = {1};
    std::array<Ort::Value, kShared + 1> values = {
        std::move(looked[0]), std::move(looked[1]), std::move(looked[2]),
        Ort::Value::CreateTensor<int64_t>(memory_, &token, 1, one.data(), one.size())};
    std::vector<Ort::Value> results = word_.Run(Ort::RunOptions(), inputs.data(), values.data(),
                                                inputs.size(), outputs.data(), outputs.size());
    looked[0] = std::move(values[0]);
    looked[1] = std::move(values[1]);
    looked[2] = std::move(results[1]);
    return std::move(results[0]);
  }

  Ort::Env environment_{ORT_LOGGING_LEVEL_ERROR};
  Ort::Session picture_;
  Ort::Session word_;
  Ort::MemoryInfo memory_ = Ort::MemoryInfo::CreateCpu(OrtDeviceAllocator, OrtMemTypeDefault);
  std::vector<int64_t> picture_shape_;
  bool has_tags_;
};

template <typename Number>
void print_list(const char* name, const std::vector<Number>& numbers) {
  std::cout << '"' << name << "\": [";
  for (size_t i = 0; i < numbers.size(); ++i)
    std::cout << (i > 0 ? ", " : "") << numbers[i];
  std::cout << ']';
}

void print_caption(const Caption& caption) {
  std::cout << '{';
  print_list("likeliest", caption.likeliest);
  std::cout << ", ";
  print_list("log_probabilities", caption.log_probabilities);
  std::cout << ", ";
  print_list("tag_words", caption.tag_words);
  std::cout << ", ";
  print_list("tag_probabilities", caption.tag_probabilities);
  std::cout << '}' << std::endl;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

void measure(Captioner& captioner, std::vector<Task>& tasks, int runs) {
  std::vector<double> encode_ms, word_ms, caption_ms;
  for (int i = -kWarmUpCaptions; i < runs; ++i) {
    Task& task = tasks[static_cast<size_t>(i + kWarmUpCaptions) % tasks.size()];
    const Caption caption = captioner.write(task);
    if (i < 0)
      continue;
    encode_ms.push_back(caption.encode_ms);
    word_ms.push_back((caption.caption_ms - caption.encode_ms) /
                      static_cast<double>(task.tokens.size() - 1));
    caption_ms.push_back(caption.caption_ms);
  }
  std::cout << "{\"version\": \"" << Ort::GetVersionString()
            << "\", \"encode_ms\": " << median(encode_ms) << ", \"word_ms\": " << median(word_ms)
            << ", \"caption_ms\": " << median(caption_ms) << '}' << std::endl;
}

}  // namespace

int main(int count, char** arguments) try {
  if (count < 5 || count % 2 == 0) {
    std::cerr << "Usage: onnx-captions FOLDER RUNS [PICTURE TOKENS]..." << std::endl;
    return 2;
  }
  Captioner captioner(arguments[1]);
  std::vector<Task> tasks;
  for (int i = 3; i < count; i += 2) {
    tasks.push_back(read_task(arguments[i], arguments[i + 1]));
    print_caption(captioner.write(tasks.back()));
  }
  const int runs = std::atoi(arguments[2]);
  if (runs > 0)
    measure(captioner, tasks, runs);
  return 0;
} catch (const std::exception& error) {
  std::cerr << "onnx-captions: " << error.what() << std::endl;
  return 1;
}
