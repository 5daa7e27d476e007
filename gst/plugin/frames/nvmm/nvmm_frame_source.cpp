// SPDX-License-Identifier: LGPL-2.1-or-later
// Frames in NVMM memory: the hardware makes a small copy of what the CPU is to see.
#include "plugin/frames/nvmm/nvmm_frame_source.h"

#include <algorithm>
#include <string>
#include <utility>

namespace jetsoncaption {

namespace {

// How much the VIC scales at most, either way; what is left over the CPU does.
constexpr int kMostScaling = 16;

// The VIC takes nothing smaller.
constexpr int kLeastSide = 16;

// Lines of a frame that are copied to be drawn on, at a time: a caption of two lines in 1080p fits,
// and for larger ones the copy stays small.
constexpr int kBandLines = 128;

// Frames; what the hardware refuses costs milliseconds.
constexpr unsigned kLongestPause = 256;

// The memory of a buffer, for its handle. For reading only: writing is refused where somebody else
// has it mapped, and what is written is not this memory. Not through gst_buffer_map(), which would
// merge several memories into a copy.
class MappedHandle {
 public:
  explicit MappedHandle(GstBuffer* buffer)
      : memory_(gst_buffer_n_memory(buffer) == 1 ? gst_buffer_peek_memory(buffer, 0) : nullptr),
        mapped_(memory_ != nullptr && gst_memory_map(memory_, &map_, GST_MAP_READ)) {}
  ~MappedHandle() {
    if (mapped_)
      gst_memory_unmap(memory_, &map_);
  }
  MappedHandle(const MappedHandle&) = delete;
  MappedHandle& operator=(const MappedHandle&) = delete;

  const void* data() const { return mapped_ ? map_.data : nullptr; }
  size_t size() const { return mapped_ ? map_.size : 0; }

 private:
  GstMapInfo map_{};
  GstMemory* const memory_;
  const bool mapped_;
};

NvmmRect whole(const NvmmSurface& surface) {
  return {0, 0, surface.width, surface.height};
}

// The side of the small copy for a picture of that side, even.
uint32_t reduced_side(int frame, int picture) {
  const int least = std::max(kLeastSide, (frame + kMostScaling - 1) / kMostScaling);
  const int most = std::max(least, frame * kMostScaling);
  return static_cast<uint32_t>((std::clamp(picture, least, most) + 1) & ~1);
}

// An even range of at least kLeastSide pixels around [begin, end), as far as the frame goes.
std::pair<int, int> widen(int begin, int end, int frame) {
  const int last = frame & ~1;
  begin &= ~1;
  end = std::min((end + 1) & ~1, last);
  if (end - begin < kLeastSide)
    begin = std::max(0, end - kLeastSide);
  if (end - begin < kLeastSide)
    end = std::min(begin + kLeastSide, last);
  return {begin, end};
}

Error with_remedy(const Error& error, const char* remedy) {
  return {error.kind, error.message + " " + remedy};
}

constexpr const char* kReadRemedy =
    "Put frames into system memory: nvvidconv ! video/x-raw,format=NV12 ! jetsoncaption.";
constexpr const char* kDrawRemedy =
    "Have nvvidconv lay the frames out pitch linear: nvvidconv bl-output=false ! "
    "video/x-raw(memory:NVMM),format=NV12 ! jetsoncaption.";

}  // namespace

NvmmFrameSource::NvmmFrameSource(const GstVideoInfo& info, std::shared_ptr<NvmmLibrary> library)
    : info_(info), library_(std::move(library)) {}

// The frame is what the caps say, or is not touched.
Result<NvmmSurface> NvmmFrameSource::inspect(const void* data, size_t size) const {
  if (data == nullptr)
    return Error{ErrorKind::Unsupported, "The buffer is not one memory that can be mapped."};
  Result<NvmmSurface> inspected = library_->inspect(data, size);
  if (!inspected.ok())
    return inspected;
  const NvmmSurface& surface = inspected.value();
  const bool is_nv12 = GST_VIDEO_INFO_FORMAT(&info_) == GST_VIDEO_FORMAT_NV12;
  const bool has_format =
      is_nv12 ? library_->is_nv12(surface.color_format) : surface.color_format == library_->rgba();
  if (!has_format || surface.width != static_cast<uint32_t>(GST_VIDEO_INFO_WIDTH(&info_)) ||
      surface.height != static_cast<uint32_t>(GST_VIDEO_INFO_HEIGHT(&info_)))
    return Error{ErrorKind::Unsupported,
                 "The surface of a frame is " + std::to_string(surface.width) + "x" +
                     std::to_string(surface.height) + " in the format " +
                     std::to_string(surface.color_format) + " of " + library_->name() +
                     ", but its caps say " + std::to_string(GST_VIDEO_INFO_WIDTH(&info_)) + "x" +
                     std::to_string(GST_VIDEO_INFO_HEIGHT(&info_)) + " in " +
                     GST_VIDEO_INFO_NAME(&info_) + "."};
  return inspected;
}

// Afterwards reduced_ and shrinker_ make pictures of that size.
Result<void> NvmmFrameSource::prepare_reading(PictureSize size) {
  const uint32_t width = reduced_side(GST_VIDEO_INFO_WIDTH(&info_), size.width);
  const uint32_t height = reduced_side(GST_VIDEO_INFO_HEIGHT(&info_), size.height);
  if (!reduced_ || !reduced_->fits(width, height, library_->rgba())) {
    shrinker_.reset();
    reduced_.reset();
    auto made = NvmmScratch::make(library_, width, height, library_->rgba(), GST_VIDEO_FORMAT_RGBA);
    if (!made.ok())
      return made.error();
    reduced_ = std::move(made.value());
  }
  if (!shrinker_ || !shrinker_->makes(size.width, size.height))
    shrinker_ =
        std::make_shared<FrameShrinker>(reduced_->mapping().frame().info, size.width, size.height);
  return {};
}

Result<std::shared_ptr<FrameShrinker>> NvmmFrameSource::read(GstBuffer* buffer, PictureSize size) {
  const MappedHandle handle(buffer);
  const Result<NvmmSurface> frame = inspect(handle.data(), handle.size());
  if (!frame.ok())
    return with_remedy(frame.error(), kReadRemedy);
  Result<void> done = prepare_reading(size);
  if (done.ok())
    done = library_->transform(frame.value(), whole(frame.value()), reduced_->surface(),
                               whole(reduced_->surface()));
  if (done.ok())
    done = reduced_->mapping().sync_for_cpu();
  if (!done.ok())
    return with_remedy(done.error(), kReadRemedy);
  const GstVideoFrame reduced = reduced_->mapping().frame();
  shrinker_->read(&reduced);
  return shrinker_;
}

Result<void> NvmmFrameSource::draw(GstBuffer* buffer, const DrawnCaption& caption) {
  if (frames_left_out_ > 0) {
    frames_left_out_--;
    return *drawing_error_;
  }
  Result<void> drawn = draw_once(buffer, caption);
  if (drawn.ok()) {
    pause_ = 0;
  } else {
    drawing_error_ = drawn.error();
    band_.reset();
    pause_ = std::clamp(2 * pause_, 1U, kLongestPause);
    frames_left_out_ = pause_;
  }
  return drawn;
}

Result<void> NvmmFrameSource::draw_once(GstBuffer* buffer, const DrawnCaption& caption) {
  if (caption.rect().empty())
    return {};
  const MappedHandle handle(buffer);
  const Result<NvmmSurface> frame = inspect(handle.data(), handle.size());
  if (!frame.ok())
    return with_remedy(frame.error(), kReadRemedy);
  const bool in_bands = frame.value().is_block_linear;
  const Result<void> drawn =
      in_bands ? draw_in_bands(frame.value(), caption) : draw_mapped(frame.value(), caption);
  if (!drawn.ok())
    return with_remedy(drawn.error(), in_bands ? kDrawRemedy : kReadRemedy);
  return {};
}

Result<void> NvmmFrameSource::draw_mapped(const NvmmSurface& frame,
                                          const DrawnCaption& caption) const {
  NvmmMapping mapping(*library_, frame, GST_VIDEO_INFO_FORMAT(&info_));
  Result<void> done = mapping.map();
  if (done.ok())
    done = mapping.sync_for_cpu();
  if (!done.ok())
    return done;
  GstVideoFrame pixels = mapping.frame();
  caption.blend(&pixels);
  return mapping.sync_for_device();
}

Result<void> NvmmFrameSource::draw_in_bands(const NvmmSurface& frame, const DrawnCaption& caption) {
  Result<void> done = prepare_band(frame);
  const CaptionRect& rect = caption.rect();
  const auto columns = widen(rect.x, rect.x + rect.width, static_cast<int>(frame.width));
  const auto lines = widen(rect.y, rect.y + rect.height, static_cast<int>(frame.height));
  for (int y = lines.first; done.ok() && y < lines.second;) {
    int end = std::min(y + kBandLines, lines.second);
    // What is left over must not be too small for a band of its own.
    if (lines.second - end < kLeastSide && end < lines.second)
      end = lines.second - kLeastSide;
    done = draw_band(frame, caption, {columns.first, y, columns.second - columns.first, end - y});
    y = end;
  }
  return done;
}

Result<void> NvmmFrameSource::prepare_band(const NvmmSurface& frame) {
  const uint32_t width = frame.width;
  const auto height = std::min<uint32_t>(kBandLines, frame.height);
  if (band_ && band_->fits(width, height, frame.color_format))
    return {};
  band_.reset();
  auto made =
      NvmmScratch::make(library_, width, height, frame.color_format, GST_VIDEO_INFO_FORMAT(&info_));
  if (!made.ok())
    return made.error();
  band_ = std::move(made.value());
  return {};
}

Result<void> NvmmFrameSource::draw_band(const NvmmSurface& frame, const DrawnCaption& caption,
                                        const CaptionRect& band) {
  const NvmmRect in_frame = {static_cast<uint32_t>(band.x), static_cast<uint32_t>(band.y),
                             static_cast<uint32_t>(band.width), static_cast<uint32_t>(band.height)};
  const NvmmRect in_copy = {0, 0, in_frame.width, in_frame.height};
  Result<void> done = library_->transform(frame, in_frame, band_->surface(), in_copy);
  if (done.ok())
    done = band_->mapping().sync_for_cpu();
  if (!done.ok())
    return done;
  GstVideoFrame pixels = band_->mapping().frame();
  caption.blend_part(&pixels, band);
  done = band_->mapping().sync_for_device();
  if (done.ok())
    done = library_->transform(band_->surface(), in_copy, frame, in_frame);
  return done;
}

}  // namespace jetsoncaption
