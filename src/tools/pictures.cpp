// SPDX-License-Identifier: LGPL-2.1-or-later
// Decodes pictures with the decoder that reads their kind rightly, after a look at their header.
#include "tools/pictures.h"

#include <new>
#include <utility>
#include <vector>

#include <gst/app/gstappsrc.h>
#include <gst/gst.h>

#include "tools/orientation.h"
#include "tools/picture_header.h"
#include "tools/running_pipeline.h"
#include "tools/small_frames.h"

namespace jetsoncaption {

namespace {

// Decoding takes up to 8 bytes a pixel, so this is 800 MB.
constexpr uint64_t kMostPixels = 100'000'000;

struct Decoder {
  const char* element;
  const char* package;  // of Debian, that has it
};

constexpr char kGood[] = "gstreamer1.0-plugins-good";
constexpr Decoder kAnything = {"gdkpixbufdec", kGood};

// The samplings that jpegdec reads rightly in all versions of GStreamer; others it takes for one of
// these, and the colours are those of another picture, or refuses.
bool is_common_sampling(const PictureHeader& header) {
  for (const char* common : {"1x1", "1x1,1x1,1x1", "2x1,1x1,1x1", "1x2,1x1,1x1", "2x2,1x1,1x1"}) {
    if (header.sampling == common)
      return true;
  }
  return false;
}

Decoder decoder_for(const PictureHeader& header) {
  switch (header.kind) {
    case PictureKind::Jpeg:
      return is_common_sampling(header) ? Decoder{"jpegdec", kGood} : kAnything;
    case PictureKind::Png:
      // pngdec swaps the bytes of 16-bit colours.
      return header.bits <= 8 ? Decoder{"pngdec", kGood} : kAnything;
    case PictureKind::Webp:
      return {"webpdec", "gstreamer1.0-plugins-bad"};
    default:
      return kAnything;
  }
}

// What the header says against decoding it.
Result<void> check_header(const std::string& name, const PictureHeader& header) {
  if (!header.fault.empty())
    return Error{ErrorKind::InvalidArgument, name + header.fault};
  const uint64_t pixels = uint64_t{header.width} * header.height;
  if (pixels == 0) {
    return Error{ErrorKind::InvalidArgument, name + " begins like a " +
                                                 picture_kind_name(header.kind) +
                                                 " picture, but has no size; the file is damaged."};
  }
  if (pixels > kMostPixels) {
    return Error{ErrorKind::InvalidArgument,
                 name + " has " + std::to_string(header.width) + "x" +
                     std::to_string(header.height) + " pixels; at most " +
                     std::to_string(kMostPixels / 1'000'000) +
                     " megapixels are decoded. Make it smaller first, for example with "
                     "vipsthumbnail --size 2048 (package libvips-tools)."};
  }
  return check_sides(name, header.width, header.height);
}

Error nothing_visible(const std::string& name) {
  return {ErrorKind::InvalidArgument,
          name + " is transparent everywhere, so there is nothing to be seen in it."};
}

// The decoded picture as it is stored, squashed to the size.
Result<Image> shrink(const std::string& name, const PictureHeader& header, GstSample* sample,
                     PictureSize size) {
  SmallFrames frames(name);
  if (header.has_alpha) {
    const auto transparent = frames.is_transparent(sample);
    if (!transparent.ok())
      return transparent.error();
    if (transparent.value())
      return nothing_visible(name);
  }
  return frames.shrink(sample, size);
}

// Decodes a picture that is in memory: a fifth of the time that decodebin takes to find its way,
// and decodebin knows no decoder for most kinds.
Result<Image> decode(const std::string& name, const PictureHeader& header,
                     const std::vector<uint8_t>& bytes, PictureSize size) {
  const Decoder decoder = decoder_for(header);
  if (!has_element(decoder.element)) {
    return Error{ErrorKind::Unsupported,
                 name + " is a " + picture_kind_name(header.kind) +
                     " picture that needs the GStreamer element " + decoder.element +
                     ", which is missing; install the package " + decoder.package + "."};
  }
  auto created =
      RunningPipeline::create(name, std::string("appsrc name=source ! ") + decoder.element +
                                        " ! videoconvert ! appsink name=sink sync=false "
                                        "caps=\"" JETSONCAPTION_SMALL_FRAMES_CAPS "\"");
  if (!created.ok())
    return created.error();
  RunningPipeline& pipeline = *created.value();
  auto* source = GST_APP_SRC(pipeline.element("source"));
  pipeline.play();
  // Not copied: a picture may have 512 MB, and the pipeline is gone when this returns.
  gst_app_src_push_buffer(source, gst_buffer_new_wrapped_full(
                                      GST_MEMORY_FLAG_READONLY, const_cast<uint8_t*>(bytes.data()),
                                      bytes.size(), 0, bytes.size(), nullptr, nullptr));
  gst_app_src_end_of_stream(source);

  auto sample = pipeline.pull();
  if (!sample.ok())
    return sample.error();
  if (sample.value() == nullptr) {
    return Error{ErrorKind::InvalidArgument, name + " begins like a " +
                                                 picture_kind_name(header.kind) +
                                                 " picture, but no picture can be decoded from it; "
                                                 "the file is damaged."};
  }
  auto image = shrink(name, header, sample.value(), size);
  gst_sample_unref(sample.value());
  return image;
}

// Decoders of TIFF turn pictures a part of the way, and not all versions the same. So they are told
// that there is nothing to turn, and all of it is done here.
void hide_tiff_orientation(std::vector<uint8_t>& bytes) {
  const size_t at = find_exif_orientation({bytes.data(), bytes.size(), false});
  if (at + 2 > bytes.size())
    return;
  const bool little_endian = bytes[0] == 'I';
  bytes[at] = little_endian ? 1 : 0;
  bytes[at + 1] = little_endian ? 0 : 1;
}

Result<Picture> first_frame(const MediaFile& file, PictureSize size) {
  auto reader = VideoReader::open(file, size);
  if (!reader.ok())
    return reader.error();
  VideoFrame frame;
  auto found = reader.value()->next(frame);
  if (!found.ok())
    return found.error();
  return Picture{std::move(frame.image), 1};
}

Result<Picture> decode_known_picture(const MediaFile& file, PictureSize size) {
  if (!file.picture_kind())
    return first_frame(file, size);
  auto started = initialise_gstreamer();
  if (!started.ok())
    return started.error();
  auto bytes = file.read();
  if (!bytes.ok())
    return bytes.error();
  const PictureHeader header = read_picture_header(
      *file.picture_kind(), {bytes.value().data(), bytes.value().size(), false});
  const auto checked = check_header(file.name(), header);
  if (!checked.ok())
    return checked.error();
  if (header.kind == PictureKind::Tiff)
    hide_tiff_orientation(bytes.value());
  auto image = decode(file.name(), header, bytes.value(), stored_size(size, header.orientation));
  if (!image.ok())
    return image.error();
  return Picture{upright(std::move(image.value()), header.orientation), header.orientation};
}

}  // namespace

Result<Picture> decode_picture(const MediaFile& file, PictureSize size) {
  try {
    return decode_known_picture(file, size);
  } catch (const std::bad_alloc&) {
    return Error{ErrorKind::OutOfMemory,
                 file.name() + " needs more memory than there is; make it smaller first."};
  }
}

Result<Image> read_picture(const std::string& path, PictureSize size) {
  auto file = MediaFile::open(path);
  if (!file.ok())
    return file.error();
  auto picture = decode_picture(file.value(), size);
  if (!picture.ok())
    return picture.error();
  return std::move(picture.value().image);
}

}  // namespace jetsoncaption
