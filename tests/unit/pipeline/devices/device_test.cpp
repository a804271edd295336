#include "pipeline/devices/device.h"

#include <gtest/gtest.h>

#include "tests/unit/expect_error.h"
#include "tests/unit/expect_names.h"

namespace co2net {
namespace {

TEST(Device, IsReadFromItsText) {
  EXPECT_EQ(parse_device("cpu"), Device());
  EXPECT_EQ(parse_device("cuda"), (Device{DeviceKind::kCuda, 0}));
  EXPECT_EQ(parse_device("cuda:0"), (Device{DeviceKind::kCuda, 0}));
  EXPECT_EQ(parse_device("cuda:12"), (Device{DeviceKind::kCuda, 12}));
  for (const char* text : {"cpu", "cuda", "cuda:12"}) {
    EXPECT_EQ(to_string(parse_device(text)), text);
  }
}

TEST(Device, RefusesAnyOtherText) {
  for (const std::string text : {"abacus", "cuda:x", "cuda:", "cuda:-1", "cuda:1x", "cuda:1:1",
                                 "cuda:4294967296", "cpu:0", "cpu:", "CUDA", "auto", "meta", ""}) {
    test::expect_error(ErrorKind::kUsage,
                       {"'" + text + "' is no device for networks: give cpu, cuda or cuda:N"},
                       [&] { parse_device(text); });
  }
}

TEST(Device, OfFlowAloneIsNotSuggestedInItsOwnPlace) {
  try {
    parse_device("opencl:0");
    ADD_FAILURE() << "no error";
  } catch (const Error& e) {
    EXPECT_EQ(std::string(e.what()).find("did you mean"), std::string::npos) << e.what();
  }
}

TEST(Device, HasKindsWhoseNamesAreReadBack) { test::expect_names_read_back<DeviceKind>(); }

TEST(Device, IsRefusedWhereItIsNotHere) {
  EXPECT_NO_THROW(use_device({}));
  test::expect_error(ErrorKind::kUsage, {"cuda:99: no CUDA device"}, [] {
    use_device({DeviceKind::kCuda, 99});
  });
}

// They are parts of cache keys.
TEST(DeviceDescription, IsItsTextForTheCpuAndForWhatIsNotHere) {
  EXPECT_EQ(device_description({}), "cpu");
  EXPECT_EQ(device_description({DeviceKind::kCuda, 99}), "cuda:99");
}

}  // namespace
}  // namespace co2net
