#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "pipeline/formats/array.h"
#include "postprocess/proposal.h"

namespace co2net::test {

// A file of reference numbers in the repository (tests/golden/README.md).
std::filesystem::path golden_copy(const std::string& name);

// Expects the same segments in the same order, and scores within 1e-4.
//   golden  [n, 4]: start, end, label, score
void expect_proposals(const std::vector<Proposal>& proposals, const Array& golden);

}  // namespace co2net::test
