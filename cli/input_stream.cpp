#include "cli/input_stream.h"

#include <deque>
#include <memory>
#include <set>
#include <sstream>

#include "pipeline/base/error.h"

namespace co2net {
namespace {

class InputStream {
 public:
  InputStream(std::istream& in, bool nul_separated, const Shard& shard)
      : in_(in), nul_separated_(nul_separated), shard_(shard) {}

  std::optional<Input> next() {
    while (pending_.empty()) {
      const auto named = next_path(in_, nul_separated_);
      if (!named) {
        if (!paths_.empty()) return std::nullopt;
        throw Error(ErrorKind::kUsage, "no input found: standard input names no files");
      }
      std::istringstream list(named->string());  // a line is a path, whatever it begins with
      for (const auto& path : expand_inputs({"-"}, kVideoSuffixes, list, true)) add(path);
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
    if (shard_.has(id)) pending_.push_back({path, id});
  }

  std::istream& in_;
  bool nul_separated_;
  Shard shard_;
  std::set<std::filesystem::path> paths_;
  std::set<std::string> ids_;
  std::deque<Input> pending_;
};

}  // namespace

InputSource videos_from(std::istream& in, bool nul_separated, const Shard& shard) {
  return
      [stream = std::make_shared<InputStream>(in, nul_separated, shard)] { return stream->next(); };
}

}  // namespace co2net
