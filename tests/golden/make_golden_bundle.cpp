// Makes a full-size bundle (I3D of width 1, CO2-Net for 20 classes) of the reference numbers'
// weights: what one costs and gives can be seen without any trained weights.
//   co2net_make_golden_bundle DIR

#include <filesystem>
#include <iostream>

#include "localizer/co2net.h"
#include "pipeline/datasets/bundle.h"
#include "tests/golden/weights.h"

namespace fs = std::filesystem;

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: co2net_make_golden_bundle DIR\n";
    return 2;
  }
  try {
    co2net::Bundle bundle;
    bundle.directory = argv[1];
    bundle.name = "golden";
    bundle.status = co2net::BundleStatus::kUntrained;
    for (int label = 0; label < 20; ++label) {
      bundle.classes.push_back("class_" + std::to_string(label));
    }
    bundle.provenance = {{"weights", "the formula of the reference numbers"}};
    fs::create_directories(bundle.directory);
    co2net::save_i3d(bundle.file(co2net::kI3dRgbFile), {.channels = 3},
                     co2net::test::golden_i3d("rgb"));
    co2net::save_i3d(bundle.file(co2net::kI3dFlowFile), {.channels = 2},
                     co2net::test::golden_i3d("flow"));
    co2net::Co2Net({}, co2net::test::golden_co2net(20)).save(bundle.file(co2net::kCo2NetFile));
    co2net::save_bundle(bundle);
  } catch (const std::exception& e) {
    std::cerr << "co2net_make_golden_bundle: " << e.what() << "\n";
    return 3;
  }
}
