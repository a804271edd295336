#pragma once

#include <memory>
#include <string>

#include "extractors/video/video_limits.h"
#include "pipeline/base/interrupt.h"
#include "pipeline/base/opened_file.h"

struct AVFormatContext;
struct AVPacket;

namespace co2net {

// The one door to media: a container that libav reads through a file that is open already, and
// through nothing else. It learns no name and no protocol, and what a container asks to open beside
// itself is refused. What the content alone tells decides which container it is.
class MediaInput {
 public:
  // Throws Error(kInput) for what is no readable container of its own, and as `deadline` does. The
  // process has one limit on allocations: that of the input that was opened last.
  MediaInput(std::shared_ptr<const OpenedFile> file, const VideoLimits& limits,
             const Deadline& deadline);
  ~MediaInput();

  AVFormatContext& container() const;

  // The next packet, as av_read_frame() gives it. Throws as `deadline` does, for a file that cannot
  // be read, and for a container that asks for others: none of these is a damaged packet.
  int read(AVPacket& packet) const;

  // Whether the file was found to end within what it began, as downloads do that broke off. Not
  // every container shows it.
  bool ends_early() const;

  // Throws Error(kInput) that says what the file is, where its beginning shows that it is no video;
  // else `why`.
  [[noreturn]] void refuse(const std::string& why) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace co2net
