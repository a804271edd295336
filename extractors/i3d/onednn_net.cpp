#include "extractors/i3d/onednn_net.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <new>
#include <oneapi/dnnl/dnnl.hpp>
#include <unordered_map>
#include <utility>

namespace co2net {
namespace {

using dnnl::memory;
using Kind = ConvLayer::Kind;
using Dims = memory::dims;

constexpr auto kFloat = memory::data_type::f32;
constexpr std::size_t kAlignment = 64;

// Differences between the interfaces of oneDNN 2 and 3.

dnnl::convolution_forward::primitive_desc convolution_desc(
    const dnnl::engine& engine, dnnl::algorithm algorithm, const memory::desc& source,
    const memory::desc& weights, const memory::desc& bias, const memory::desc& result,
    const Dims& stride, const Dims& pad_begin, const Dims& pad_end,
    const dnnl::primitive_attr& attributes) {
  constexpr auto kInference = dnnl::prop_kind::forward_inference;
#if DNNL_VERSION_MAJOR >= 3
  return {engine, kInference, algorithm, source,  weights,   bias,
          result, stride,     pad_begin, pad_end, attributes};
#else
  return {{kInference, algorithm, source, weights, bias, result, stride, pad_begin, pad_end},
          attributes,
          engine};
#endif
}

dnnl::pooling_forward::primitive_desc max_pool_desc(const dnnl::engine& engine,
                                                    const memory::desc& source,
                                                    const memory::desc& result, const Dims& stride,
                                                    const Dims& kernel, const Dims& pad_begin,
                                                    const Dims& pad_end,
                                                    const dnnl::primitive_attr& attributes) {
  constexpr auto kInference = dnnl::prop_kind::forward_inference;
  constexpr auto algorithm = dnnl::algorithm::pooling_max;
#if DNNL_VERSION_MAJOR >= 3
  const Dims no_dilation(stride.size(), 0);
  return {engine, kInference,  algorithm, source,  result,    stride,
          kernel, no_dilation, pad_begin, pad_end, attributes};
#else
  return {{kInference, algorithm, source, result, stride, kernel, pad_begin, pad_end},
          attributes,
          engine};
#endif
}

void append_relu(dnnl::post_ops& operations) {
#if DNNL_VERSION_MAJOR >= 3
  operations.append_eltwise(dnnl::algorithm::eltwise_relu, 0.f, 0.f);
#else
  operations.append_eltwise(1.f, dnnl::algorithm::eltwise_relu, 0.f, 0.f);
#endif
}

// Channels that one vector register holds.
std::int64_t channel_block() {
  const auto has = [isa = static_cast<int>(dnnl::get_effective_cpu_isa())](dnnl::cpu_isa wanted) {
    return (isa & static_cast<int>(wanted)) == static_cast<int>(wanted);
  };
  if (has(dnnl::cpu_isa::avx512_core)) return 16;
  if (has(dnnl::cpu_isa::avx2)) return 8;
  throw UnsupportedNetwork("this CPU has neither AVX-512 nor AVX2");
}

Dims dims(const Size3& size) { return {size.begin(), size.end()}; }

std::int64_t round_up(std::int64_t value, std::int64_t unit) {
  return (value + unit - 1) / unit * unit;
}

// How a layer's output is stored: its channels among others that are zero, so that they fill
// blocks.
struct Stored {
  std::int64_t channels = 0;            // all
  std::vector<std::int64_t> positions;  // of the layer's channels among them
  Size3 size{};

  Dims dims() const { return {1, channels, size[0], size[1], size[2]}; }
};

// Weights for all stored channels, [stored results, stored sources, kernel...].
Array stored_weights(const Array& weights, const Stored& source, const Stored& result) {
  Array stored({result.channels, source.channels, weights.dim(2), weights.dim(3), weights.dim(4)});
  const std::int64_t kernel = weights.dim(2) * weights.dim(3) * weights.dim(4);
  const float* values = weights.values.data();
  for (const std::int64_t output : result.positions) {
    for (const std::int64_t input : source.positions) {
      std::copy_n(values, kernel, stored.row(output) + input * kernel);
      values += kernel;
    }
  }
  return stored;
}

Array stored_bias(const Array& bias, const Stored& result) {
  Array stored({result.channels});
  std::copy(bias.values.begin(), bias.values.end(), stored.values.begin());
  return stored;
}

// Whether oneDNN's Winograd algorithm is faster than the direct one, as it is for 3x3x3
// convolutions of any number of channels, but not if much of its tiles of 4x4 lies outside of a
// small map.
bool should_use_winograd(const ConvLayer& layer) {
  constexpr std::int64_t kSmallest = 8;
  return layer.kernel == Size3{3, 3, 3} && layer.stride == Size3{1, 1, 1} &&
         layer.pad_begin == Size3{1, 1, 1} && layer.pad_end == Size3{1, 1, 1} &&
         layer.size[1] >= kSmallest && layer.size[2] >= kSmallest;
}

// How many times to convolve by Winograd's algorithm in one call: a divisor of all. Fewer take less
// memory, but small calls are slower.
std::int64_t times_a_call(const ConvLayer& layer) {
  constexpr std::int64_t kPositionsACall = 28 * 28;
  const auto [all, height, width] = layer.size;
  std::int64_t times = 1;
  while (times < all && (times * height * width < kPositionsACall || all % times != 0)) ++times;
  return times;
}

// [output, input, 3, 3, 3] -> [output, 3 * input, 3, 3]: the kernel's times become channels.
std::vector<float> with_times_as_channels(const Array& weights) {
  constexpr std::size_t kTimes = 3, kPlane = 9;
  const auto outputs = static_cast<std::size_t>(weights.dim(0));
  const auto inputs = static_cast<std::size_t>(weights.dim(1));
  std::vector<float> stacked;
  stacked.reserve(weights.values.size());
  for (std::size_t o = 0; o < outputs; ++o) {
    for (std::size_t time = 0; time < kTimes; ++time) {
      for (std::size_t i = 0; i < inputs; ++i) {
        const float* plane = &weights.values[((o * inputs + i) * kTimes + time) * kPlane];
        stacked.insert(stacked.end(), plane, plane + kPlane);
      }
    }
  }
  return stacked;
}

// Blocked activations of one clip are [channel blocks, times, plane], where a plane is a block of
// channels at all positions of one time.
struct Planes {
  std::size_t blocks, times, size;  // size in floats
};

// Gives times [first, first + count) the planes of the time before, their own, and the time after:
// [count, 3, blocks, plane]. Beyond the ends they are zero.
void stack_times(const float* source, float* stacked, const Planes& planes, std::size_t first,
                 std::size_t count) {
  for (std::size_t time = first; time < first + count; ++time) {
    for (std::size_t shift = 0; shift < 3; ++shift) {
      const bool is_beyond = time + shift < 1 || time + shift > planes.times;
      for (std::size_t block = 0; block < planes.blocks; ++block, stacked += planes.size) {
        if (is_beyond) {
          std::fill_n(stacked, planes.size, 0.f);
        } else {
          const std::size_t plane = block * planes.times + time + shift - 1;
          std::copy_n(source + plane * planes.size, planes.size, stacked);
        }
      }
    }
  }
}

// Puts [count, blocks, plane] in the place of times [first, first + count).
void unstack_times(const float* source, float* result, const Planes& planes, std::size_t first,
                   std::size_t count) {
  for (std::size_t time = first; time < first + count; ++time) {
    for (std::size_t block = 0; block < planes.blocks; ++block, source += planes.size) {
      const std::size_t plane = block * planes.times + time;
      std::copy_n(source, planes.size, result + plane * planes.size);
    }
  }
}

// Of a pool that does not pad, over blocked activations of one clip.
struct Windows {
  std::int64_t blocks, block;  // of channels, and the channels of each
  Size3 source, result;        // sizes
  Size3 kernel, stride;
};

// Adds up each channel of a block in the window that begins at `first`.
void add_window(const float* first, const Windows& windows, std::vector<double>& sums) {
  for (std::int64_t time = 0; time < windows.kernel[0]; ++time) {
    for (std::int64_t y = 0; y < windows.kernel[1]; ++y) {
      const std::int64_t row = (time * windows.source[1] + y) * windows.source[2];
      const float* value = first + row * windows.block;
      for (std::int64_t x = 0; x < windows.kernel[2]; ++x) {
        for (double& sum : sums) sum += *value++;
      }
    }
  }
}

// The mean of each window. In double, since sums of thousands of float32, one after the other as in
// oneDNN's pool, lose two decimal digits.
void average_windows(const float* source, float* result, const Windows& windows) {
  const auto& [kernel_times, kernel_height, kernel_width] = windows.kernel;
  const auto count = static_cast<double>(kernel_times * kernel_height * kernel_width);
  std::vector<double> sums(static_cast<std::size_t>(windows.block));
  for (std::int64_t block = 0; block < windows.blocks; ++block) {
    for (std::int64_t time = 0; time < windows.result[0]; ++time) {
      for (std::int64_t y = 0; y < windows.result[1]; ++y) {
        for (std::int64_t x = 0; x < windows.result[2]; ++x) {
          const std::int64_t plane = block * windows.source[0] + time * windows.stride[0];
          const std::int64_t row = plane * windows.source[1] + y * windows.stride[1];
          const std::int64_t position = row * windows.source[2] + x * windows.stride[2];
          std::fill(sums.begin(), sums.end(), 0.);
          add_window(source + position * windows.block, windows, sums);
          for (const double sum : sums) *result++ = static_cast<float>(sum / count);
        }
      }
    }
  }
}

// Where a layer's output lies.
struct Place {
  std::size_t buffer = 0;
  std::size_t offset = 0;  // in bytes
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

std::size_t aligned(std::size_t bytes) {
  return (bytes + kAlignment - 1) / kAlignment * kAlignment;
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
    memory_here.reset(static_cast<std::byte*>(std::aligned_alloc(kAlignment, aligned(bytes))));
    if (memory_here == nullptr) throw std::bad_alloc();
    size = bytes;
  }
  return memory_here.get();
}

// A call of run().
struct Call {
  dnnl::stream stream;
  const std::vector<Buffer>& buffers;
  float* input;  // only read
  float* output;
  std::byte* workspace;

  float* at(const Place& place) const {
    if (place.buffer == kInputBuffer) return input;
    return reinterpret_cast<float*>(workspace + buffers[place.buffer].offset + place.offset);
  }
};

using Step = std::function<void(const Call&)>;

// A tensor of the workspace as an argument of a primitive.
struct Operand {
  int argument;  // DNNL_ARG_...
  memory::desc desc;
  Place place;
};

}  // namespace

struct OnednnNet::Plan {
  explicit Plan(const ConvNet& net) : output_shape(net.output_shape) {
    for (const ConvLayer& layer : net.layers) stored.push_back(storage_of(layer));
    place_layers(net);
    for (std::size_t i = 0; i < net.layers.size(); ++i) {
      try {
        add_layer(net, i);
      } catch (const dnnl::error& e) {
        throw UnsupportedNetwork("oneDNN does not take layer " + std::to_string(i) + ": " +
                                 e.what());
      }
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
    if (layer.kind == Kind::kConvolution) result.channels = round_up(layer.channels, block);
    for (std::size_t i = 0; !keeps_channels && i < layer.inputs.size(); ++i) {
      const Stored& part = stored[layer.inputs[i]];
      for (const std::int64_t position : part.positions) {
        result.positions.push_back(result.channels + position);
      }
      result.channels += part.channels;
    }
    return result;
  }

  memory::desc desc_of(std::size_t index) const {
    const auto blocked = block == 16 ? memory::format_tag::nCdhw16c : memory::format_tag::nCdhw8c;
    return {stored[index].dims(), kFloat, index == 0 ? memory::format_tag::ncdhw : blocked};
  }

  // The parts of a concatenation lie in its buffer, but for those that have another place already.
  void place_layers(const ConvNet& net) {
    places.assign(net.layers.size(), {});
    for (std::size_t i = net.layers.size(); --i > 0;) {
      if (places[i].buffer == kInputBuffer) places[i] = {new_buffer(desc_of(i).get_size()), 0};
      if (net.layers[i].kind != Kind::kConcat) continue;
      Place place = places[i];
      for (const std::size_t part : net.layers[i].inputs) {
        if (part != 0 && places[part].buffer == kInputBuffer) places[part] = place;
        place.offset += desc_of(part).get_size();
      }
    }
  }

  void add_layer(const ConvNet& net, std::size_t index) {
    const ConvLayer& layer = net.layers[index];
    if (layer.kind == Kind::kConvolution) return add_convolution(layer, index);
    for (const std::size_t input : layer.inputs) {
      if (input == 0)
        throw UnsupportedNetwork("the clip goes into something else than convolutions");
    }
    if (layer.kind == Kind::kMaxPool) add_max_pool(layer, index);
    if (layer.kind == Kind::kAveragePool) add_average_pool(layer, index);
    if (layer.kind == Kind::kConcat) add_concat(layer, index);
  }

  void add_convolution(const ConvLayer& layer, std::size_t index) {
    const auto is_finite = [](float value) { return std::isfinite(value); };
    for (const Array* values : {&layer.weights, &layer.bias}) {
      if (!std::all_of(values->values.begin(), values->values.end(), is_finite)) {
        throw UnsupportedNetwork("a convolution has weights that are not finite");
      }
    }
    const std::size_t source = layer.inputs[0];
    if (block == 16 && source != 0 && should_use_winograd(layer)) {
      try {
        return add_winograd(layer, index);
      } catch (const dnnl::error& e) {
        if (e.status != dnnl_unimplemented) throw;  // on this CPU by this version of oneDNN
      }
    }
    add_direct(layer, index);
  }

  void add_direct(const ConvLayer& layer, std::size_t index) {
    const std::size_t source = layer.inputs[0];
    const Array weights = stored_weights(layer.weights, stored[source], stored[index]);
    const memory::desc held = desc_of(source);
    const memory::desc any_source(stored[source].dims(), kFloat, memory::format_tag::any);
    const memory::desc any_weights(weights.shape, kFloat, memory::format_tag::any);
    const auto desc = convolution_desc(
        engine, dnnl::algorithm::convolution_direct, source == 0 ? any_source : held, any_weights,
        bias_desc(index), desc_of(index), dims(layer.stride), dims(layer.pad_begin),
        dims(layer.pad_end), attributes(layer.relu));
    Place place = places[source];
    if (desc.src_desc() != held) {
      place = {new_buffer(desc.src_desc().get_size()), 0};
      add_reorder(held, places[source], desc.src_desc(), place);
    }
    const memory::desc plain(weights.shape, kFloat, memory::format_tag::oidhw);
    add_primitive(
        dnnl::convolution_forward(desc), desc.scratchpad_desc(),
        {{DNNL_ARG_SRC, desc.src_desc(), place}, {DNNL_ARG_DST, desc.dst_desc(), places[index]}},
        {{DNNL_ARG_WEIGHTS, packed(plain, weights.values, desc.weights_desc())},
         {DNNL_ARG_BIAS, bias_of(layer, index)}});
  }

  // As a 2-D convolution of each time, whose channels are those of three neighbouring times.
  void add_winograd(const ConvLayer& layer, std::size_t index) {
    const Stored &source = stored[layer.inputs[0]], &result = stored[index];
    const std::int64_t count = times_a_call(layer), height = layer.size[1], width = layer.size[2];
    const auto blocked = memory::format_tag::nChw16c;
    const memory::desc stacked({count, 3 * source.channels, height, width}, kFloat, blocked);
    const memory::desc planar({count, result.channels, height, width}, kFloat, blocked);
    const Dims weights_dims{result.channels, 3 * source.channels, 3, 3};
    const auto desc =
        convolution_desc(engine, dnnl::algorithm::convolution_winograd, stacked,
                         {weights_dims, kFloat, memory::format_tag::any}, bias_desc(index), planar,
                         {1, 1}, {1, 1}, {1, 1}, attributes(layer.relu));
    const memory weights = packed(
        {weights_dims, kFloat, memory::format_tag::oihw},
        with_times_as_channels(stored_weights(layer.weights, source, result)), desc.weights_desc());
    const memory bias = bias_of(layer, index);
    const dnnl::convolution_forward convolution(desc);

    const Place source_place = places[layer.inputs[0]], result_place = places[index];
    const Place stacked_place{new_buffer(stacked.get_size()), 0};
    const Place planar_place{new_buffer(planar.get_size()), 0};
    for (std::int64_t first = 0; first < layer.size[0]; first += count) {
      add_step({source_place, stacked_place}, [=, planes = planes_of(source)](const Call& call) {
        stack_times(call.at(source_place), call.at(stacked_place), planes, first, count);
      });
      add_primitive(convolution, desc.scratchpad_desc(),
                    {{DNNL_ARG_SRC, stacked, stacked_place}, {DNNL_ARG_DST, planar, planar_place}},
                    {{DNNL_ARG_WEIGHTS, weights}, {DNNL_ARG_BIAS, bias}});
      add_step({planar_place, result_place}, [=, planes = planes_of(result)](const Call& call) {
        unstack_times(call.at(planar_place), call.at(result_place), planes, first, count);
      });
    }
    ++winograd_layers;
  }

  Planes planes_of(const Stored& tensor) const {
    return {static_cast<std::size_t>(tensor.channels / block),
            static_cast<std::size_t>(tensor.size[0]),
            static_cast<std::size_t>(block * tensor.size[1] * tensor.size[2])};
  }

  void add_average_pool(const ConvLayer& layer, std::size_t index) {
    const Stored& held = stored[layer.inputs[0]];
    const Windows windows{held.channels / block, block,       held.size, layer.size,
                          layer.kernel,          layer.stride};
    const Place source = places[layer.inputs[0]], result = places[index];
    add_step({source, result},
             [=](const Call& call) { average_windows(call.at(source), call.at(result), windows); });
  }

  void add_max_pool(const ConvLayer& layer, std::size_t index) {
    const std::size_t source = layer.inputs[0];
    const auto desc = max_pool_desc(engine, desc_of(source), desc_of(index), dims(layer.stride),
                                    dims(layer.kernel), dims(layer.pad_begin), dims(layer.pad_end),
                                    attributes(false));
    add_primitive(dnnl::pooling_forward(desc), desc.scratchpad_desc(),
                  {{DNNL_ARG_SRC, desc.src_desc(), places[source]},
                   {DNNL_ARG_DST, desc.dst_desc(), places[index]}},
                  {});
  }

  // Copies the parts that are not written in place. Blocks of channels lie one after the other.
  void add_concat(const ConvLayer& layer, std::size_t index) {
    Place result = places[index];
    for (const std::size_t part : layer.inputs) {
      const std::size_t bytes = desc_of(part).get_size();
      const Place source = places[part];
      if (source.buffer != result.buffer || source.offset != result.offset) {
        add_step({source, result}, [=](const Call& call) {
          std::copy_n(call.at(source), bytes / sizeof(float), call.at(result));
        });
      }
      result.offset += bytes;
    }
  }

  void add_output(std::size_t index) {
    const Stored& result = stored[index];
    const memory::desc plain(result.dims(), kFloat, memory::format_tag::ncdhw);
    const Place place{new_buffer(plain.get_size()), 0};
    add_reorder(desc_of(index), places[index], plain, place);
    const std::int64_t values = result.size[0] * result.size[1] * result.size[2];
    add_step({place}, [=, positions = result.positions](const Call& call) {
      float* output = call.output;
      for (const std::int64_t position : positions) {
        output = std::copy_n(call.at(place) + position * values, values, output);
      }
    });
  }

  void add_reorder(const memory::desc& from, const Place& source, const memory::desc& to,
                   const Place& result) {
    const dnnl::reorder::primitive_desc desc(engine, from, engine, to, attributes(false));
    add_primitive(dnnl::reorder(desc), desc.scratchpad_desc(),
                  {{DNNL_ARG_FROM, from, source}, {DNNL_ARG_TO, to, result}}, {});
  }

  void add_primitive(const dnnl::primitive& primitive, const memory::desc& scratchpad,
                     std::vector<Operand> operands,
                     const std::unordered_map<int, memory>& constants) {
    if (scratchpad.get_size() > 0) {
      operands.push_back({DNNL_ARG_SCRATCHPAD, scratchpad, {new_buffer(scratchpad.get_size()), 0}});
    }
    std::vector<Place> used;
    for (const Operand& operand : operands) used.push_back(operand.place);
    add_step(used, [engine = engine, primitive, operands, constants](const Call& call) {
      std::unordered_map<int, memory> arguments = constants;
      for (const Operand& operand : operands) {
        arguments.emplace(operand.argument, memory(operand.desc, engine, call.at(operand.place)));
      }
      primitive.execute(call.stream, arguments);
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

  std::size_t new_buffer(std::size_t bytes) {
    buffers.push_back({.bytes = aligned(bytes)});
    return buffers.size() - 1;
  }

  // The workspace holds primitives' scratch memory, too.
  static dnnl::primitive_attr attributes(bool relu) {
    dnnl::primitive_attr attributes;
    attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
    dnnl::post_ops operations;
    if (relu) append_relu(operations);
    attributes.set_post_ops(operations);
    return attributes;
  }

  memory::desc bias_desc(std::size_t index) const {
    return {{stored[index].channels}, kFloat, memory::format_tag::x};
  }

  memory bias_of(const ConvLayer& layer, std::size_t index) const {
    return packed(bias_desc(index), stored_bias(layer.bias, stored[index]).values,
                  bias_desc(index));
  }

  // A copy of the values, in another layout.
  memory packed(const memory::desc& from, const std::vector<float>& values,
                const memory::desc& to) const {
    memory source(from, engine, const_cast<float*>(values.data()));
    memory result(to, engine);
    dnnl::stream stream(engine);
    dnnl::reorder(source, result).execute(stream, source, result);
    stream.wait();
    return result;
  }

  const std::int64_t block = channel_block();
  dnnl::engine engine{dnnl::engine::kind::cpu, 0};
  Shape output_shape;
  std::vector<Stored> stored;  // by layer
  std::vector<Place> places;   // by layer
  std::vector<Buffer> buffers{1};
  std::vector<Step> steps;
  std::size_t workspace_bytes = 0;
  int winograd_layers = 0;
};

OnednnNet::OnednnNet(const ConvNet& net) : plan_(std::make_unique<Plan>(net)) {}
OnednnNet::OnednnNet(OnednnNet&&) noexcept = default;
OnednnNet& OnednnNet::operator=(OnednnNet&&) noexcept = default;
OnednnNet::~OnednnNet() = default;

const Shape& OnednnNet::output_shape() const { return plan_->output_shape; }
std::size_t OnednnNet::workspace_bytes() const { return plan_->workspace_bytes; }

int OnednnNet::winograd_layers() const { return plan_->winograd_layers; }

void OnednnNet::run(const float* input, float* output) const {
  const Call call{dnnl::stream(plan_->engine), plan_->buffers, const_cast<float*>(input), output,
                  workspace(plan_->workspace_bytes)};
  for (const Step& step : plan_->steps) step(call);
  dnnl::stream(call.stream).wait();
}

std::string OnednnNet::library_version() {
  const dnnl::version_t* version = dnnl::version();
  return "oneDNN " + std::to_string(version->major) + "." + std::to_string(version->minor) + "." +
         std::to_string(version->patch) + " (ISA " +
         std::to_string(static_cast<int>(dnnl::get_effective_cpu_isa())) + ")";
}

}  // namespace co2net
