#pragma once

#include <string>
#include <vector>

namespace co2net::test {

// Another value than the recipe wtalc-cpu's for every key of a recipe that can have one.
inline const std::vector<std::string> kOtherSettings = {
    "fps=30000/1001",
    "stride=4",
    "resize.mode=short-side",
    "resize.width=400",
    "resize.height=300",
    "resize.short_side=300",
    "crop=ten",
    "crop_size=192",
    "ten_crop=keep",
    "tail=pad",
    "flow.variant=portable",
    "flow.tau=0.2",
    "flow.lambda=0.1",
    "flow.theta=0.5",
    "flow.scales=3",
    "flow.scale_step=0.5",
    "flow.warps=2",
    "flow.epsilon=0.1",
    "flow.outer_iterations=5",
    "flow.inner_iterations=7",
    "flow.median=1",
    "flow.bound=15",
};

}  // namespace co2net::test
