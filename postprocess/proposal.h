#pragma once

namespace co2net {

// A scored segment of one class: snippets [start, end), start < end.
struct Proposal {
  int start = 0;
  int end = 0;
  int label = 0;     // class index
  double score = 0;  // comparable within a video; unbounded

  bool operator==(const Proposal&) const = default;
};

}  // namespace co2net
