#include "postprocess/nms.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

namespace co2net {
namespace {

// The candidates not yet taken, as leaves of a binary tree in order of their starts. Every node
// knows its best candidate and the snippets its candidates span, so that the best of all and
// those that overlap it are found without a look at the rest.
class Tournament {
 public:
  Tournament(std::vector<Proposal> candidates, double sigma, Compat compat)
      : candidates_(std::move(candidates)),
        sigma_(sigma),
        compat_(compat),
        excess_(compat == Compat::kAuthors ? 1 : 0),
        order_(candidates_.size()),
        place_(candidates_.size()),
        leaf_(candidates_.size()),
        first_leaf_(std::bit_ceil(candidates_.size())),
        nodes_(2 * first_leaf_) {
    std::iota(order_.begin(), order_.end(), 0);
    std::iota(place_.begin(), place_.end(), 0);
    std::vector<int> by_start = order_;
    std::ranges::sort(by_start, {}, [&](int i) { return candidates_[i].start; });
    for (std::size_t i = 0; i < by_start.size(); ++i) {
      const Proposal& candidate = candidates_[by_start[i]];
      leaf_[by_start[i]] = first_leaf_ + i;
      nodes_[first_leaf_ + i] = {by_start[i], candidate.start, candidate.end};
    }
    for (std::size_t node = first_leaf_; --node > 0;) update(node);
  }

  Proposal take_best() {
    const int winner = nodes_[1].best;
    remove_and_decay(winner, 1);
    if (compat_ == Compat::kAuthors) move_first_to(place_[winner]);
    ++taken_;
    return candidates_[winner];
  }

 private:
  static constexpr int kNone = -1;

  struct Node {
    int best = kNone;
    int start = std::numeric_limits<int>::max();
    int end = std::numeric_limits<int>::min();
  };

  int better(int a, int b) const {
    if (a == kNone || b == kNone) return std::max(a, b);
    if (candidates_[a].score != candidates_[b].score) {
      return candidates_[a].score > candidates_[b].score ? a : b;
    }
    return place_[a] < place_[b] ? a : b;
  }

  void update(std::size_t node) {
    const Node& left = nodes_[2 * node];
    const Node& right = nodes_[2 * node + 1];
    nodes_[node] = {better(left.best, right.best), std::min(left.start, right.start),
                    std::max(left.end, right.end)};
  }

  double weight(const Proposal& a, const Proposal& b) const {
    const double intersection = std::min(a.end, b.end) - std::max(a.start, b.start) + excess_;
    const double lengths = a.end - a.start + b.end - b.start + 2 * excess_;
    const double iou = intersection / (lengths - intersection);
    return std::exp(-iou * iou / sigma_);
  }

  // Takes `winner` out of the subtree under `node`, and lowers the scores that overlap it there.
  void remove_and_decay(int winner, std::size_t node) {
    const Proposal& taken = candidates_[winner];
    const Node& here = nodes_[node];
    if (here.start >= taken.end + excess_ || taken.start >= here.end + excess_) return;
    if (node < first_leaf_) {
      remove_and_decay(winner, 2 * node);
      remove_and_decay(winner, 2 * node + 1);
      update(node);
    } else if (here.best == winner) {
      nodes_[node] = {};
    } else {
      candidates_[here.best].score *= weight(taken, candidates_[here.best]);
    }
  }

  // The first that is left gets the place of the one that is taken.
  void move_first_to(int place) {
    const int first = order_[taken_];
    order_[place] = first;
    place_[first] = place;
    for (std::size_t node = leaf_[first] / 2; node > 0; node /= 2) update(node);
  }

  std::vector<Proposal> candidates_;
  double sigma_;
  Compat compat_;
  int excess_;                     // by how much a length exceeds end - start
  std::vector<int> order_;         // candidates by their places, of which the first are taken
  std::vector<int> place_;         // of each candidate; the lower one wins among equals
  std::vector<std::size_t> leaf_;  // of each candidate
  std::size_t taken_ = 0;
  std::size_t first_leaf_;
  std::vector<Node> nodes_;  // the root is 1; the children of i are 2i and 2i + 1
};

}  // namespace

std::vector<Proposal> soft_nms(std::vector<Proposal> candidates, double sigma, Compat compat) {
  const std::size_t count = candidates.size();
  Tournament tournament(std::move(candidates), sigma, compat);
  std::vector<Proposal> taken(count);
  for (Proposal& proposal : taken) proposal = tournament.take_best();
  return taken;
}

}  // namespace co2net
