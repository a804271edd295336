#include <opencv2/core.hpp>
#include <opencv2/optflow.hpp>

#include "extractors/tvl1.h"
#include "extractors/tvl1_opencv.h"

namespace co2net {
namespace {

class Tvl1Cpu : public FlowSolver {
 public:
  explicit Tvl1Cpu(const Recipe::Flow& flow) : solver_(make_opencv_tvl1(flow)) {}

  cv::Mat solve(const cv::Mat& from, const cv::Mat& to) override {
    cv::Mat flow;
    solver_->calc(from, to, flow);
    return flow;
  }

 private:
  cv::Ptr<cv::optflow::DualTVL1OpticalFlow> solver_;
};

}  // namespace

const FlowBackend kTvl1Cpu = {"cpu", "opencv-cpu", true,
                              [] { return "OpenCV " + cv::getVersionString(); },
                              [](const Recipe::Flow& flow) -> std::unique_ptr<FlowSolver> {
                                return std::make_unique<Tvl1Cpu>(flow);
                              }};

}  // namespace co2net
