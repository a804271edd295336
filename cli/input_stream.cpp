#include "cli/input_stream.h"

#include <deque>
#include <memory>
#include <set>

#include "cli/options.h"
#include "pipeline/base/error.h"
#include "pipeline/base/inputs.h"

namespace co2net {
namespace {

class InputStream {
 public:
  InputStream(std::istream& in, bool nul_separated, const std::optional<Shard>& shard)
      : list_(in, nul_separated, "the list on standard input"), shard_(shard) {}

  std::optional<Input> next() {
    while (pending_.empty()) {
      const auto named = list_.next();
      if (!named) {
        if (paths_.empty()) {
          throw Error(ErrorKind::kUsage, "no input found: standard input names no files");
        }
        if (shard_) tell_shard(*shard_, taken_, paths_.size());
        return std::nullopt;
      }
      for (const auto& path : files_at({*named}, kVideoSuffixes)) add(path);
    }
    Input input = std::move(pending_.front());
    pending_.pop_front();
    return input;
  }

 private:
  void add(const std::filesystem::path& path) {
    if (!paths_.insert(path).second) return;
    std::string id = id_of(path);
    if (!ids_.insert(id).second) id = path.string();
    ids_.insert(id);
    if (shard_ && !shard_->has(id)) return;
    pending_.push_back({path, id});
    ++taken_;
  }

  PathList list_;
  std::optional<Shard> shard_;
  std::size_t taken_ = 0;
  std::set<std::filesystem::path> paths_;
  std::set<std::string> ids_;
  std::deque<Input> pending_;
};

}  // namespace

InputSource videos_from(std::istream& in, bool nul_separated, const std::optional<Shard>& shard) {
  const auto stream = std::make_shared<InputStream>(in, nul_separated, shard);
  return {.next = [stream] { return stream->next(); }, .waits = true};
}

}  // namespace co2net
