#include "extractors/video/media_input.h"

extern "C" {
#include <libavutil/mem.h>
}

#include <algorithm>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "extractors/video/av.h"
#include "pipeline/base/foreign_file.h"

namespace co2net {
namespace {

struct FreeIo {
  void operator()(AVIOContext* io) const noexcept {
    av_freep(&io->buffer);  // libav may have exchanged it
    avio_context_free(&io);
  }
};
using IoPtr = std::unique_ptr<AVIOContext, FreeIo>;

// Containers that are nothing without other files, or the network.
struct Leading {
  std::string_view demuxer, what;
};
constexpr Leading kLeadElsewhere[] = {
    {"concat", "a list of files (ffconcat)"},
    {"dash", "a manifest (MPEG-DASH)"},
    {"hls", "a playlist (HLS)"},
    {"imf", "a composition (IMF)"},
    {"rtsp", "an address (RTSP)"},
    {"sdp", "a session description (SDP)"},
    {"vobsub", "an index of subtitles (VobSub)"},
    {"webm_dash_manifest", "a manifest (WebM DASH)"},
};

void expect_own_content(const AVInputFormat& demuxer) {
  const auto* leading = std::ranges::find(kLeadElsewhere, demuxer.name, &Leading::demuxer);
  if (leading == std::end(kLeadElsewhere)) return;
  throw Error(ErrorKind::kInput, "is " + std::string(leading->what) +
                                     " that leads to other files, which are not opened; give "
                                     "those files themselves");
}

std::string beginning_of(const OpenedFile& file) {
  constexpr std::size_t kEnough = 1 << 16;
  std::string bytes(kEnough, '\0');
  bytes.resize(file.read(0, bytes));
  return bytes;
}

// Decoders that are opened to learn what the container does not say keep to the limit, too.
void find_stream_info(AVFormatContext& container, const VideoLimits& limits) {
  std::vector<AVDictionary*> options(container.nb_streams, nullptr);
  for (AVDictionary*& each : options)
    av_dict_set_int(&each, "max_pixels", padded_pixels(limits.pixels), 0);
  avformat_find_stream_info(&container, options.data());  // what it finds is looked at
  for (AVDictionary*& each : options) av_dict_free(&each);
}

}  // namespace

struct MediaInput::State {
  State(std::shared_ptr<const OpenedFile> opened, const VideoLimits& limits, const Deadline& until)
      : file(std::move(opened)), deadline(until) {
    silence_libav();
    has_missed_an_end();  // of another file
    av_max_alloc(static_cast<std::size_t>(limits.allocation));
    constexpr int kBuffer = 1 << 15;
    auto* buffer = static_cast<unsigned char*>(allocated(av_malloc(kBuffer)));
    io.reset(allocated(avio_alloc_context(buffer, kBuffer, 0, this, read, nullptr, seek)));
    open(limits);
    find_stream_info(*container, limits);
    ends_early = has_missed_an_end();
    check();
    if (container->nb_streams == 0)
      refuse("nothing in it can be read as a stream; is the file complete, and a video?");
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  // For what libav's return values cannot tell, or may hide.
  void check() const {
    deadline.check();
    if (failure) throw Error(*failure);
    if (container) expect_few_streams();
  }

  void expect_few_streams() const {
    if (container->nb_streams < static_cast<unsigned>(container->max_streams)) return;
    throw Error(ErrorKind::kInput, "more than " + std::to_string(container->max_streams - 1) +
                                       " streams; allow more with --max-streams");
  }

  [[noreturn]] void refuse(const std::string& why) const {
    const auto kind = foreign_to_binary(beginning_of(*file), file->path().string());
    throw Error(ErrorKind::kInput, kind.value_or(why));
  }

  std::shared_ptr<const OpenedFile> file;
  Deadline deadline;
  std::int64_t position = 0;
  bool ends_early = false;
  std::optional<Error> failure;
  IoPtr io;
  InputPtr container;

 private:
  const AVInputFormat* recognised() {
    const AVInputFormat* demuxer = nullptr;
    const int rc = av_probe_input_buffer2(io.get(), &demuxer, nullptr, nullptr, 0, 0);
    expect_readable(rc);
    expect_own_content(*demuxer);
    return demuxer;
  }

  void open(const VideoLimits& limits) {
    const AVInputFormat* demuxer = recognised();
    AVFormatContext* opened = allocated(avformat_alloc_context());
    opened->pb = io.get();
    opened->opaque = this;
    opened->io_open = refuse_to_open;
    opened->interrupt_callback = {is_over, this};
    opened->max_streams = limits.streams + 1;  // as many, and some demuxers say no more
    Dictionary options(std::map<std::string, std::string>{
        {"protocol_whitelist", "none"}, {"enable_drefs", "0"}, {"scan_all_pmts", "1"}});
    const int rc = avformat_open_input(&opened, nullptr, demuxer, options.get());
    container.reset(opened);  // null if that failed
    if (container) expect_few_streams();
    if (rc == AVERROR(ENOMEM)) {
      throw Error(ErrorKind::kInput, "more than " + std::to_string(limits.streams) +
                                         " streams, or more than " +
                                         std::to_string(limits.allocation) +
                                         " bytes at once; allow more with --max-streams or "
                                         "--max-alloc");
    }
    expect_readable(rc);
  }

  void expect_readable(int rc) const {
    check();
    if (rc < 0) {
      refuse("not a readable video: " + av_message(rc) + "; is the file complete, and a video?");
    }
  }

  static int read(void* self, std::uint8_t* to, int size) {
    State& state = *static_cast<State*>(self);
    if (state.deadline.is_over()) return AVERROR_EXIT;
    try {
      const std::size_t count = state.file->read(
          state.position, {reinterpret_cast<char*>(to), static_cast<std::size_t>(size)});
      state.position += static_cast<std::int64_t>(count);
      return count > 0 ? static_cast<int>(count) : AVERROR_EOF;
    } catch (const Error& e) {
      state.failure = e;
      return AVERROR(EIO);
    }
  }

  static std::int64_t seek(void* self, std::int64_t offset, int whence) {
    State& state = *static_cast<State*>(self);
    const std::int64_t size = state.file->size();
    std::int64_t from = 0;
    switch (whence & ~AVSEEK_FORCE) {
      case AVSEEK_SIZE:
        return size;
      case SEEK_SET:
        break;
      case SEEK_CUR:
        from = state.position;
        break;
      case SEEK_END:
        from = size;
        break;
      default:
        return AVERROR(EINVAL);
    }
    const bool is_too_far = offset > std::numeric_limits<std::int64_t>::max() - from;
    if (is_too_far || from + offset < 0) return AVERROR(EINVAL);
    return state.position = from + offset;
  }

  static int is_over(void* self) { return static_cast<State*>(self)->deadline.is_over() ? 1 : 0; }

  static int refuse_to_open(AVFormatContext* container, AVIOContext**, const char* url, int,
                            AVDictionary**) {
    if (auto* state = static_cast<State*>(container->opaque)) {
      state->failure = Error(ErrorKind::kInput, "leads to another file, " + std::string(url) +
                                                    ", which is not opened; give that file itself");
    }
    return AVERROR(EPERM);
  }
};

MediaInput::MediaInput(std::shared_ptr<const OpenedFile> file, const VideoLimits& limits,
                       const Deadline& deadline)
    : state_(std::make_unique<State>(std::move(file), limits, deadline)) {}

MediaInput::~MediaInput() = default;

AVFormatContext& MediaInput::container() const { return *state_->container; }

void MediaInput::refuse(const std::string& why) const { state_->refuse(why); }

bool MediaInput::ends_early() const { return state_->ends_early; }

int MediaInput::read(AVPacket& packet) const {
  const int rc = av_read_frame(state_->container.get(), &packet);
  if (has_missed_an_end()) state_->ends_early = true;
  state_->check();
  return rc;
}

}  // namespace co2net
