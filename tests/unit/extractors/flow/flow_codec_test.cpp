#include "extractors/flow/flow_codec.h"

#include <gtest/gtest.h>

#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>

#include "extractors/flow/frame_flow.h"
#include "pipeline/base/files.h"
#include "tests/unit/expect_error.h"
#include "tests/unit/expect_names.h"

namespace fs = std::filesystem;

namespace co2net {
namespace {

constexpr double kBound = 20;

std::vector<cv::Mat> some_flows(int count) {
  std::vector<cv::Mat> flows;
  cv::RNG random(3);
  for (int i = 0; i < count; ++i) {
    flows.emplace_back(38, 52, CV_32FC2);
    random.fill(flows.back(), cv::RNG::UNIFORM, -25, 25);
  }
  return flows;
}

void write(const fs::path& path, FlowFormat format, const std::vector<cv::Mat>& flows) {
  const auto writer = make_flow_writer(path, format, "25");
  for (const cv::Mat& flow : flows) writer->write(as_held(flow_view(flow), format, kBound));
  writer->finish();
}

bool equal(const cv::Mat& a, const cv::Mat& b) {
  return a.size() == b.size() && a.type() == b.type() && cv::norm(a, b, cv::NORM_INF) == 0;
}

cv::Mat component(const cv::Mat& flow, int index) {
  cv::Mat plane;
  cv::extractChannel(quantised(flow_view(flow), kBound), plane, index);
  return plane;
}

TEST(FlowFormat, IsNamedOnTheCommandLine) {
  test::expect_names_read_back<FlowFormat>();
  for (const auto& [format, name] : kChoices<FlowFormat>) {
    EXPECT_EQ(parse_flow_format(std::string(name)), format);
  }
  test::expect_error(ErrorKind::kUsage, {"'avi'", "mkv, jpg, png, flo"},
                     [] { parse_flow_format("avi"); });
}

TEST(FlowWriter, KeepsEveryQuantisedByteInAVideo) {
  const TempDir dir;
  const std::vector<cv::Mat> flows = some_flows(4);
  write(dir.path() / "flow.mkv", FlowFormat::kMkv, flows);
  FlowReader reader(dir.path() / "flow.mkv");
  for (const cv::Mat& flow : flows)
    EXPECT_TRUE(equal(reader.next(), quantised(flow_view(flow), kBound)));
  EXPECT_TRUE(reader.next().empty());
}

TEST(FlowWriter, NumbersImagesFromOneWithFiveDigits) {
  const TempDir dir;
  write(dir.path() / "png", FlowFormat::kPng, some_flows(2));
  EXPECT_EQ(names_in(dir.path() / "png"),
            (std::vector<std::string>{"flow_x_00001.png", "flow_x_00002.png", "flow_y_00001.png",
                                      "flow_y_00002.png"}));
  write(dir.path() / "jpg", FlowFormat::kJpg, some_flows(1));
  EXPECT_EQ(names_in(dir.path() / "jpg"),
            (std::vector<std::string>{"flow_x_00001.jpg", "flow_y_00001.jpg"}));
  write(dir.path() / "flo", FlowFormat::kFlo, some_flows(12));
  EXPECT_TRUE(fs::exists(dir.path() / "flo" / "flow_00012.flo"));
}

TEST(FlowWriter, KeepsEveryQuantisedByteInPngAndAboutInJpeg) {
  const TempDir dir;
  cv::Mat smooth(38, 52, CV_32FC2);
  smooth.forEach<cv::Vec2f>([](cv::Vec2f& v, const int* at) {
    v = {static_cast<float>(at[1]) / 4 - 6, static_cast<float>(at[0]) / 4 - 3};
  });
  write(dir.path() / "png", FlowFormat::kPng, {smooth});
  write(dir.path() / "jpg", FlowFormat::kJpg, {smooth});
  for (const int index : {0, 1}) {
    const std::string name = index == 0 ? "flow_x_00001" : "flow_y_00001";
    const auto read = [&](const std::string& format) {
      return cv::imread((dir.path() / format / (name + "." + format)).string(),
                        cv::IMREAD_UNCHANGED);
    };
    const cv::Mat expected = component(smooth, index);
    EXPECT_TRUE(equal(read("png"), expected)) << name;
    ASSERT_EQ(read("jpg").type(), CV_8UC1) << name;
    EXPECT_LE(cv::norm(read("jpg"), expected, cv::NORM_INF), 8) << name;
  }
}

TEST(FlowWriter, KeepsEveryBitInFlo) {
  const TempDir dir;
  const std::vector<cv::Mat> flows = some_flows(2);
  const cv::Mat part = flows[1](cv::Rect(3, 2, 20, 10));  // its rows are not adjacent
  write(dir.path() / "a", FlowFormat::kFlo, {flows[0], part});
  EXPECT_TRUE(equal(read_flo(dir.path() / "a" / "flow_00001.flo"), flows[0]));
  EXPECT_TRUE(equal(read_flo(dir.path() / "a" / "flow_00002.flo"), part));
}

TEST(FlowWriter, NamesThePathThatCannotBeWritten) {
  const TempDir dir;
  write_file(dir.path() / "file", "x");
  for (const FlowFormat format : {FlowFormat::kMkv, FlowFormat::kPng, FlowFormat::kFlo}) {
    test::expect_error(ErrorKind::kIo, {(dir.path() / "file").string()},
                       [&] { write(dir.path() / "file" / "a.mkv", format, some_flows(1)); });
  }
}

TEST(ReadFlo, RefusesWhatIsDamagedAndNamesIt) {
  const TempDir dir;
  write(dir.path() / "a", FlowFormat::kFlo, some_flows(1));
  const std::string whole = read_file(dir.path() / "a" / "flow_00001.flo");
  const auto expect_refused = [&](const std::string& bytes) {
    write_file(dir.path() / "b.flo", bytes);
    test::expect_error(ErrorKind::kInput, {"b.flo: not a .flo file"},
                       [&] { read_flo(dir.path() / "b.flo"); });
  };
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{11}, std::size_t{12}, whole.size() - 1}) {
    expect_refused(whole.substr(0, size));
  }
  expect_refused(whole + "x");
  expect_refused("X" + whole.substr(1));
  expect_refused(whole.substr(0, 4) + std::string(4, '\xff') + whole.substr(8));
}

}  // namespace
}  // namespace co2net
