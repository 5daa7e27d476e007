// SPDX-License-Identifier: LGPL-2.1-or-later
// Takes names and sentences out of records of JSON.
#include "text/caption_json.h"

#include <algorithm>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/text.h"
#include "text/caption_collector.h"
#include "text/caption_tables.h"
#include "text/json_records.h"

namespace jetsoncaption {
namespace {

using nlohmann::json;

// "" when there is no such text.
std::string text_member(const json& record, const char* key) {
  const auto found = record.is_object() ? record.find(key) : record.end();
  return found != record.end() && found->is_string() ? found->get<std::string>() : "";
}

// The sentences below a key: a text, {"raw": text}, or an array of these.
std::vector<std::string> sentences_in(const json& value) {
  std::vector<std::string> sentences;
  const auto take = [&](const json& entry) {
    if (entry.is_string())
      sentences.push_back(entry.get<std::string>());
    else if (entry.is_object())
      sentences.push_back(text_member(entry, entry.count("raw") > 0 ? "raw" : "caption"));
  };
  if (value.is_array())
    std::for_each(value.begin(), value.end(), take);
  else
    take(value);
  return sentences;
}

// One record with a name and its sentences, whatever the keys are called.
void add_record(const json& record, const CaptionPlace& place, CaptionCollector& collector) {
  if (!record.is_object())
    return collector.leave_out(place, "it is no object with a name and a sentence");
  std::string name;
  std::vector<std::string> sentences;
  for (auto member = record.begin(); member != record.end(); ++member) {
    if (name.empty() && is_name_key(member.key()) && member->is_string())
      name = member->get<std::string>();
    else if (sentences.empty() && is_sentence_key(member.key()))
      sentences = sentences_in(*member);
  }
  if (sentences.empty())
    sentences.emplace_back();  // for the message
  const Part part = part_of_name(text_member(record, "split"));
  for (const std::string& sentence : sentences)
    collector.add(place, name, sentence, part);
}

// COCO keeps sentences apart from pictures, in any order; Karpathy's files have them in one.
class Sections {
 public:
  explicit Sections(CaptionCollector& collector) : collector_(collector) {}

  void add(const std::string& section, const json& record) {
    if (section == "images")
      add_image(record);
    else if (section == "annotations")
      add_annotation(record);
  }

  CaptionFormat finish() {
    for (size_t i = 0; i < annotations_.size(); ++i) {
      const auto name = names_.find(annotations_[i].image);
      const CaptionPlace place{"annotation", i + 1};
      if (name == names_.end()) {
        collector_.leave_out(place, "there is no image with the id " + annotations_[i].image);
      } else {
        collector_.add(place, name->second, annotations_[i].sentence);
      }
    }
    return karpathy_ ? CaptionFormat::Karpathy : CaptionFormat::Coco;
  }

 private:
  struct Annotation {
    std::string image;
    std::string sentence;
  };

  static std::string id_of(const json& record, const char* key) {
    const auto found = record.is_object() ? record.find(key) : record.end();
    return found != record.end() && found->is_primitive() ? excerpt(found->dump()) : "null";
  }

  void add_image(const json& record) {
    const CaptionPlace place{"image", ++images_};
    if (record.is_object() && record.count("sentences") > 0) {
      karpathy_ = true;
      const std::string folder = text_member(record, "filepath");
      const std::string name = text_member(record, "filename");
      const Part part = part_of_name(text_member(record, "split"));
      auto sentences = sentences_in(record["sentences"]);
      if (sentences.empty())
        sentences.emplace_back();
      for (const std::string& sentence : sentences)
        collector_.add(place, folder.empty() || name.empty() ? name : folder + "/" + name, sentence,
                       part);
      return;
    }
    std::string name = text_member(record, "file_name");
    if (name.empty())
      return collector_.leave_out(place, "there is no \"file_name\"");
    names_[id_of(record, "id")] = std::move(name);
  }

  void add_annotation(const json& record) {
    annotations_.push_back({id_of(record, "image_id"), text_member(record, "caption")});
  }

  CaptionCollector& collector_;
  std::unordered_map<std::string, std::string> names_;  // of the images, by their ids
  std::vector<Annotation> annotations_;
  size_t images_ = 0;
  bool karpathy_ = false;
};

// Whether the outermost object has one of the sections; without it is a record on a line of its
// own. Stops where that is known: for nlohmann::json::sax_parse().
class SectionFinder {
 public:
  bool found() const { return found_; }

  bool null() { return true; }
  bool boolean(bool /*value*/) { return true; }
  bool number_integer(json::number_integer_t /*value*/) { return true; }
  bool number_unsigned(json::number_unsigned_t /*value*/) { return true; }
  bool number_float(json::number_float_t /*value*/, const std::string& /*text*/) { return true; }
  bool string(std::string& /*value*/) { return true; }
  template <typename Binary>
  bool binary(Binary& /*value*/) {
    return false;
  }
  bool start_object(size_t /*elements*/) {
    ++depth_;
    return true;
  }
  bool end_object() { return --depth_ > 0; }
  bool start_array(size_t /*elements*/) {
    ++depth_;
    found_ = in_section_;
    return !found_;
  }
  bool end_array() {
    --depth_;
    return true;
  }
  bool key(std::string& name) {
    in_section_ = depth_ == 1 && (name == "images" || name == "annotations");
    return true;
  }
  template <typename Exception>
  bool parse_error(size_t /*position*/, const std::string& /*token*/, const Exception& /*why*/) {
    return false;
  }

 private:
  size_t depth_ = 0;
  bool in_section_ = false;
  bool found_ = false;
};

// Parses as far as it goes; what is wrong then is said of the record that would have come next.
void walk(const std::string& text, JsonRecords& records, const char* what, size_t& count,
          CaptionCollector& collector) {
  if (!json::sax_parse(text, &records))
    collector.leave_out({what, count + 1}, records.fault());
}

Result<CaptionList> read_sections(const std::string& text, const std::string& file) {
  CaptionCollector collector;
  Sections sections(collector);
  size_t count = 0;
  JsonRecords records(2, [&](const std::string& section, const json& record) {
    ++count;
    sections.add(section, record);
    return true;
  });
  walk(text, records, "record", count, collector);
  return collector.finish(sections.finish(), file);
}

Result<CaptionList> read_array(const std::string& text, const std::string& file) {
  CaptionCollector collector;
  size_t count = 0;
  JsonRecords records(1, [&](const std::string& /*section*/, const json& record) {
    add_record(record, {"record", ++count}, collector);
    return true;
  });
  walk(text, records, "record", count, collector);
  return collector.finish(CaptionFormat::JsonLines, file);
}

Result<CaptionList> read_lines(const std::string& text, size_t begin, const std::string& file) {
  CaptionCollector collector;
  size_t number = 0;
  for (size_t at = begin; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    const std::string line = text.substr(at, end - at);
    at = end + 1;
    ++number;
    if (line.find_first_not_of(" \t\r") == std::string::npos)
      continue;
    JsonRecords records(0, [&](const std::string& /*section*/, const json& record) {
      add_record(record, {"line", number}, collector);
      return true;
    });
    size_t before = number - 1;
    walk(line, records, "line", before, collector);
  }
  return collector.finish(CaptionFormat::JsonLines, file);
}

}  // namespace

Result<CaptionList> read_json_captions(const std::string& text, size_t first,
                                       const std::string& file) {
  if (text[first] == '[')
    return read_array(text, file);
  SectionFinder finder;
  // Stopping early is no failure.
  static_cast<void>(json::sax_parse(text, &finder));
  if (finder.found())
    return read_sections(text, file);
  // Empty lines at the beginning count.
  return read_lines(text, starts_with(text, "\xEF\xBB\xBF") ? 3 : 0, file);
}

}  // namespace jetsoncaption
