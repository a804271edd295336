#include "extractors/i3d/cpu_net.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <new>
#include <utility>
#include <vector>

#include "extractors/i3d/conv_kernels.h"
#include "extractors/i3d/onednn_convolution.h"
#include "extractors/i3d/phases.h"
#include "extractors/i3d/winograd.h"

namespace co2net {
namespace {

using Kind = ConvLayer::Kind;

// How a layer's output is stored: its channels among others that are zero, so that they fill
// panels, and each part of a concatenation begins with one. The clip has its channels alone.
struct Stored {
  std::int64_t channels = 0;            // all
  std::vector<std::int64_t> positions;  // of the layer's channels among them
  Size3 size{};

  std::int64_t values() const { return channels * size[0] * size[1] * size[2]; }
  // Of the channels, without those behind the layer's last.
  std::int64_t depth() const { return positions.back() + 1; }
};

// Weights for stored channels, [results, sources, kernel...]; zero for those that are none of the
// layer's. Results, in front, have only the layer's.
Array spread_weights(const Array& weights, const Stored& source, std::int64_t sources,
                     std::int64_t results) {
  Array spread({results, sources, weights.dim(2), weights.dim(3), weights.dim(4)});
  const std::int64_t kernel = weights.dim(2) * weights.dim(3) * weights.dim(4);
  const float* values = weights.values.data();
  for (std::int64_t output = 0; output < weights.dim(0); ++output) {
    for (const std::int64_t input : source.positions) {
      std::copy_n(values, kernel, spread.row(output) + input * kernel);
      values += kernel;
    }
  }
  return spread;
}

void expect_finite(const ConvLayer& layer) {
  const auto is_finite = [](float value) { return std::isfinite(value); };
  for (const Array* values : {&layer.weights, &layer.bias}) {
    if (!std::all_of(values->values.begin(), values->values.end(), is_finite)) {
      throw UnsupportedNetwork("a convolution has weights that are not finite");
    }
  }
}

bool is_pointwise(const ConvLayer& layer) {
  return layer.kernel == Size3{1, 1, 1} && layer.stride == Size3{1, 1, 1} &&
         layer.pad_begin == Size3{} && layer.pad_end == Size3{};
}

// On smaller maps much of the tiles of 4x4 lies outside, and four times the weights would be read
// for few positions.
bool has_room_for_tiles(const ConvLayer& layer) { return layer.size[1] >= 8 && layer.size[2] >= 8; }

bool should_use_winograd(const ConvLayer& layer) {
  return layer.kernel == Size3{3, 3, 3} && layer.stride == Size3{1, 1, 1} &&
         (has_room_for_tiles(layer) || !OnednnConvolution::is_fast_here());
}

bool should_use_phases(const ConvLayer& layer) {
  constexpr std::int64_t kMostChannels = 4;
  return layer.kernel == Size3{7, 7, 7} && layer.stride == Size3{2, 2, 2} &&
         layer.weights.dim(1) <= kMostChannels && has_room_for_tiles(layer);
}

// Where a layer's output lies.
struct Place {
  std::size_t buffer = 0;
  std::int64_t offset = 0;  // in floats
  std::int64_t step = 0;    // of positions
};

// A part of the workspace, or the caller's input.
struct Buffer {
  std::size_t bytes = 0;
  std::size_t first_step = SIZE_MAX, last_step = 0;  // that use it
  std::size_t offset = 0;                            // in the workspace
};

constexpr std::size_t kInputBuffer = 0;

// Gives buffers that are in use at the same time different parts of the workspace, the largest
// buffers first and each as low as possible. Returns the workspace's size.
std::size_t arrange(std::vector<Buffer>& buffers) {
  std::vector<Buffer*> order;
  for (std::size_t i = kInputBuffer + 1; i < buffers.size(); ++i) order.push_back(&buffers[i]);
  std::stable_sort(order.begin(), order.end(),
                   [](const Buffer* a, const Buffer* b) { return a->bytes > b->bytes; });
  std::vector<const Buffer*> placed;  // by offset
  std::size_t size = 0;
  for (Buffer* buffer : order) {
    for (const Buffer* other : placed) {
      const bool coexist =
          other->first_step <= buffer->last_step && buffer->first_step <= other->last_step;
      if (coexist && other->offset < buffer->offset + buffer->bytes) {
        buffer->offset = std::max(buffer->offset, other->offset + other->bytes);
      }
    }
    placed.insert(
        std::upper_bound(placed.begin(), placed.end(), buffer,
                         [](const Buffer* a, const Buffer* b) { return a->offset < b->offset; }),
        buffer);
    size = std::max(size, buffer->offset + buffer->bytes);
  }
  return size;
}

// The calling thread's memory, at least `bytes`, which keeps what the last call left there.
std::byte* workspace(std::size_t bytes) {
  struct Free {
    void operator()(std::byte* memory) const { std::free(memory); }
  };
  thread_local std::unique_ptr<std::byte, Free> memory_here;
  thread_local std::size_t size = 0;
  if (size < bytes) {
    memory_here.reset();
    size = 0;
    memory_here.reset(static_cast<std::byte*>(std::aligned_alloc(kScratchAlignment, bytes)));
    if (memory_here == nullptr) throw std::bad_alloc();
    size = bytes;
  }
  return memory_here.get();
}

// A call of run().
struct Call {
  const std::vector<Buffer>& buffers;
  float* input;  // only read
  float* output;
  std::byte* workspace;

  float* at(const Place& place) const {
    if (place.buffer == kInputBuffer) return input;
    return reinterpret_cast<float*>(workspace + buffers[place.buffer].offset) + place.offset;
  }
};

using Step = std::function<void(const Call&)>;

// A place, and the volume that it holds.
struct Held {
  Place place;
  Size3 size;
  std::int64_t channels;

  bool is_dense() const { return place.step == channels; }
  Volume at(const Call& call) const { return {call.at(place), size, channels, place.step}; }
};

void copy(const Volume& from, const Volume& to) {
  for (std::int64_t i = 0; i < from.positions(); ++i) {
    std::copy_n(from.data + i * from.step, from.channels, to.data + i * to.step);
  }
}

// Pointwise convolutions of one source.
struct Pointwise {
  struct Panel {
    Place place;
    bool relu;
  };

  Floats weights, bias;  // by panel
  std::vector<Panel> panels;

  std::vector<PanelResult> results(const Call& call) const {
    std::vector<PanelResult> results;
    for (const auto& [place, relu] : panels) {
      PanelResult result{call.at(place), place.step, &bias[results.size() * kPanel]};
      if (relu) result.least = 0;
      results.push_back(result);
    }
    return results;
  }
};

Floats panel_bias(const ConvLayer& layer, std::int64_t channels) {
  Floats bias(layer.bias.values.begin(), layer.bias.values.end());
  bias.resize(channels);
  return bias;
}

void append(const Floats& more, Floats& values) {
  values.insert(values.end(), more.begin(), more.end());
}

}  // namespace

struct CpuNet::Plan {
  Plan(const ConvNet& net, const ConvKernels& kernels_)
      : kernels(kernels_), output_shape(net.output_shape) {
    for (const ConvLayer& layer : net.layers) stored.push_back(storage_of(layer));
    place_layers(net);
    is_done.assign(net.layers.size(), false);
    for (std::size_t i = 0; i < net.layers.size(); ++i) {
      if (!is_done[i]) add_layer(net, i);
    }
    add_output(net.output);
    workspace_bytes = arrange(buffers);
  }

  Stored storage_of(const ConvLayer& layer) const {
    Stored result{0, {}, layer.size};
    const bool keeps_channels = layer.kind == Kind::kInput || layer.kind == Kind::kConvolution;
    for (std::int64_t c = 0; keeps_channels && c < layer.channels; ++c)
      result.positions.push_back(c);
    if (layer.kind == Kind::kInput) result.channels = layer.channels;
    if (layer.kind == Kind::kConvolution) result.channels = round_up(layer.channels, kPanel);
    for (std::size_t i = 0; !keeps_channels && i < layer.inputs.size(); ++i) {
      const Stored& part = stored[layer.inputs[i]];
      for (const std::int64_t position : part.positions) {
        result.positions.push_back(result.channels + position);
      }
      result.channels += part.channels;
    }
    return result;
  }

  // The parts of a concatenation lie in its buffer, but for those that have another place already.
  void place_layers(const ConvNet& net) {
    places.assign(net.layers.size(), {});
    for (std::size_t i = net.layers.size(); --i > 0;) {
      if (places[i].buffer == kInputBuffer) places[i] = new_place(stored[i]);
      if (net.layers[i].kind != Kind::kConcat) continue;
      Place place = places[i];
      for (const std::size_t part : net.layers[i].inputs) {
        if (part != 0 && places[part].buffer == kInputBuffer) places[part] = place;
        place.offset += stored[part].channels;
      }
    }
  }

  void add_layer(const ConvNet& net, std::size_t index) {
    const ConvLayer& layer = net.layers[index];
    if (layer.kind == Kind::kConvolution) return add_convolution(net, index);
    for (const std::size_t input : layer.inputs) {
      if (input == 0)
        throw UnsupportedNetwork("the clip goes into something else than convolutions");
    }
    if (layer.kind == Kind::kMaxPool) add_pool(kernels.max_pool, layer, index);
    if (layer.kind == Kind::kAveragePool) add_pool(kernels.average_pool, layer, index);
    if (layer.kind == Kind::kConcat) add_concat(layer, index);
  }

  void add_convolution(const ConvNet& net, std::size_t index) {
    const ConvLayer& layer = net.layers[index];
    expect_finite(layer);
    const bool is_first = layer.inputs[0] == 0;
    if (is_first && should_use_phases(layer)) return add_by_phases(layer, index);
    if (!is_first && should_use_winograd(layer)) return add_winograd(layer, index);
    if (!is_first && is_pointwise(layer)) return add_pointwise(net, index);
    add_by_onednn(layer, index);
  }

  void add_by_phases(const ConvLayer& layer, std::size_t index) {
    const Stored& clip = stored[0];
    const std::int64_t depth = kPhases * clip.channels;
    const Stored split{round_up(depth, kPanel), {}, phases_size(clip.size)};
    const Held phases{new_place(split), split.size, split.channels};
    add_step({phases.place}, [=, channels = clip.channels, size = clip.size](const Call& call) {
      split_phases(call.input, channels, size, phases.at(call));
    });
    add_winograd({.taps = 4, .pad = phases_pad(layer.pad_begin), .depth = depth},
                 phases_weights(layer.weights, layer.pad_begin), layer, phases, held(index));
  }

  void add_winograd(const ConvLayer& layer, std::size_t index) {
    const Stored& source = stored[layer.inputs[0]];
    const std::int64_t depth = source.depth();
    add_winograd({.taps = 3, .pad = layer.pad_begin, .depth = depth},
                 spread_weights(layer.weights, source, depth, layer.channels), layer,
                 held(layer.inputs[0]), held(index));
  }

  // `convolution` has taps, pad and depth.
  void add_winograd(WinogradConvolution convolution, const Array& weights, const ConvLayer& layer,
                    const Held& source, const Held& result) {
    convolution.source = source.size;
    convolution.result = result.size;
    convolution.channels = result.channels;
    convolution.bias = panel_bias(layer, result.channels);
    convolution.relu = layer.relu;
    plan_winograd(convolution);
    fill_weights(convolution, weights);
    const Place scratch = new_place(scratch_of(convolution).total());
    add_step({source.place, result.place, scratch},
             [=, winograd = kernels.winograd,
              shared = std::make_shared<const WinogradConvolution>(std::move(convolution))](
                 const Call& call) {
               winograd(*shared, source.at(call), result.at(call), call.at(scratch));
             });
    ++winograd_layers;
  }

  // With all others of the same source, which then is read once.
  void add_pointwise(const ConvNet& net, std::size_t index) {
    const std::size_t source_index = net.layers[index].inputs[0];
    std::vector<Place> used = {places[source_index]};
    Pointwise all;
    for (std::size_t i = index; i < net.layers.size(); ++i) {
      const ConvLayer& layer = net.layers[i];
      if (layer.kind == Kind::kConvolution && layer.inputs[0] == source_index &&
          is_pointwise(layer)) {
        append_pointwise(layer, i, all);
        used.push_back(places[i]);
        is_done[i] = true;
      }
    }
    add_step(used, [source = held(source_index), depth = stored[source_index].depth(),
                    pointwise = kernels.pointwise,
                    shared = std::make_shared<const Pointwise>(std::move(all))](const Call& call) {
      const Volume from = source.at(call);
      pointwise(from.data, from.positions(), from.step, depth, shared->weights.data(),
                shared->results(call));
    });
  }

  void append_pointwise(const ConvLayer& layer, std::size_t index, Pointwise& all) const {
    expect_finite(layer);
    const Stored &source = stored[layer.inputs[0]], &result = stored[index];
    const Array weights = spread_weights(layer.weights, source, source.depth(), layer.channels);
    append(pack_pointwise(weights, result.channels), all.weights);
    append(panel_bias(layer, result.channels), all.bias);
    for (std::int64_t channel = 0; channel < result.channels; channel += kPanel) {
      Place place = places[index];
      place.offset += channel;
      all.panels.push_back({place, layer.relu});
    }
  }

  // What oneDNN reads and writes is dense.
  void add_by_onednn(const ConvLayer& layer, std::size_t index) {
    const std::size_t source_index = layer.inputs[0];
    const Stored &from = stored[source_index], &to = stored[index];
    const bool is_clip = source_index == 0;
    const Floats bias = panel_bias(layer, to.channels);
    const OnednnConvolution convolution(
        layer, spread_weights(layer.weights, from, from.channels, to.channels),
        Array({to.channels}, {bias.begin(), bias.end()}), from.size,
        is_clip ? OnednnConvolution::Source::kClip : OnednnConvolution::Source::kChannelsLast);
    const Place source = is_clip ? places[0] : dense(held(source_index));
    const Held result = held(index);
    const Place dense_result = result.is_dense() ? result.place : new_place(to);
    const Place scratch =
        new_place(static_cast<std::int64_t>(convolution.scratch_bytes() / sizeof(float)));
    add_step({source, dense_result, scratch}, [=](const Call& call) {
      convolution.run(call.at(source), call.at(dense_result),
                      reinterpret_cast<std::byte*>(call.at(scratch)));
    });
    if (!result.is_dense()) add_copy({dense_result, to.size, to.channels}, result);
  }

  // Where the same values lie without gaps.
  Place dense(const Held& from) {
    if (from.is_dense()) return from.place;
    const Held to{new_place({from.channels, {}, from.size}), from.size, from.channels};
    add_copy(from, to);
    return to.place;
  }

  void add_pool(decltype(ConvKernels::max_pool) pool, const ConvLayer& layer, std::size_t index) {
    const Held source = held(layer.inputs[0]), result = held(index);
    const PoolWindows windows{layer.kernel, layer.stride, layer.pad_begin};
    add_step({source.place, result.place},
             [=](const Call& call) { pool(windows, source.at(call), result.at(call)); });
  }

  // Copies the parts that are not written in place.
  void add_concat(const ConvLayer& layer, std::size_t index) {
    Place result = places[index];
    for (const std::size_t part : layer.inputs) {
      const Held source = held(part);
      if (source.place.buffer != result.buffer || source.place.offset != result.offset) {
        add_copy(source, {result, source.size, source.channels});
      }
      result.offset += source.channels;
    }
  }

  void add_copy(const Held& from, const Held& to) {
    add_step({from.place, to.place}, [=](const Call& call) { copy(from.at(call), to.at(call)); });
  }

  // The layer's channels one after the other, as the caller wants them.
  void add_output(std::size_t index) {
    if (index == 0) {
      add_step({}, [values = stored[0].values()](const Call& call) {
        std::copy_n(call.input, values, call.output);
      });
      return;
    }
    add_step({places[index]},
             [source = held(index), positions = stored[index].positions](const Call& call) {
               const Volume from = source.at(call);
               float* output = call.output;
               for (const std::int64_t position : positions) {
                 for (std::int64_t i = 0; i < from.positions(); ++i) {
                   *output++ = from.data[i * from.step + position];
                 }
               }
             });
  }

  void add_step(const std::vector<Place>& used, Step step) {
    for (const Place& place : used) {
      Buffer& buffer = buffers[place.buffer];
      buffer.first_step = std::min(buffer.first_step, steps.size());
      buffer.last_step = std::max(buffer.last_step, steps.size());
    }
    steps.push_back(std::move(step));
  }

  Place new_place(std::int64_t floats, std::int64_t step = 0) {
    const auto bytes = floats * static_cast<std::int64_t>(sizeof(float));
    buffers.push_back({.bytes = static_cast<std::size_t>(round_up(bytes, kScratchAlignment))});
    return {buffers.size() - 1, 0, step};
  }
  Place new_place(const Stored& what) { return new_place(what.values(), what.channels); }

  Held held(std::size_t index) const {
    return {places[index], stored[index].size, stored[index].channels};
  }

  const ConvKernels kernels;
  Shape output_shape;
  std::vector<Stored> stored;  // by layer
  std::vector<Place> places;   // by layer
  std::vector<bool> is_done;   // by layer
  std::vector<Buffer> buffers{1};
  std::vector<Step> steps;
  std::size_t workspace_bytes = 0;
  int winograd_layers = 0;
};

CpuNet::CpuNet(const ConvNet& net) : CpuNet(net, conv_kernels().front()) {}
CpuNet::CpuNet(const ConvNet& net, const ConvKernels& kernels)
    : plan_(std::make_unique<Plan>(net, kernels)) {}
CpuNet::CpuNet(CpuNet&&) noexcept = default;
CpuNet& CpuNet::operator=(CpuNet&&) noexcept = default;
CpuNet::~CpuNet() = default;

const Shape& CpuNet::output_shape() const { return plan_->output_shape; }
std::size_t CpuNet::workspace_bytes() const { return plan_->workspace_bytes; }

int CpuNet::winograd_layers() const { return plan_->winograd_layers; }

void CpuNet::run(const float* input, float* output) const {
  const Call call{plan_->buffers, const_cast<float*>(input), output,
                  workspace(plan_->workspace_bytes)};
  for (const Step& step : plan_->steps) step(call);
}

std::string CpuNet::library_version() {
  constexpr int kVersion = 1;  // goes up when the convolutions here give other bytes
  return "convolutions " + std::to_string(kVersion) + " (" + conv_kernels().front().name + "), " +
         OnednnConvolution::library_version();
}

}  // namespace co2net
