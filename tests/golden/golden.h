#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "pipeline/formats/array.h"
#include "postprocess/predictions.h"
#include "postprocess/proposal.h"

namespace co2net::test {

// A file of reference numbers in the repository (tests/golden/README.md).
std::filesystem::path golden_copy(const std::string& name);

// To the video's predictions, which are made where it has none yet.
void add_prediction(Predictions& predictions, const std::string& id, const Segment& segment);

void expect_near(const std::vector<double>& got, const std::vector<double>& want, double tolerance);

// Expects the same segments in the same order, and scores within 1e-4.
//   golden  [n, 4]: start, end, label, score
void expect_proposals(const std::vector<Proposal>& proposals, const Array& golden);

}  // namespace co2net::test
