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

// A proposal with limits between snippets, in strides from the video's beginning: the proposal's
// own are at `run.start` and `run.end`.
struct FinalSegment {
  Proposal run;
  double start = 0;
  double end = 0;  // > start
};

}  // namespace co2net
