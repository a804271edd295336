#include "extractors/i3d/onednn_convolution.h"

#include <cstdint>
#include <oneapi/dnnl/dnnl.hpp>
#include <unordered_map>
#include <vector>

namespace co2net {
namespace {

using dnnl::memory;
using Dims = memory::dims;

constexpr auto kFloat = memory::data_type::f32;

// Differences between the interfaces of oneDNN 2 and 3.

dnnl::convolution_forward::primitive_desc convolution_desc(
    const dnnl::engine& engine, const memory::desc& source, const memory::desc& weights,
    const memory::desc& bias, const memory::desc& result, const ConvLayer& layer,
    const dnnl::primitive_attr& attributes) {
  constexpr auto kInference = dnnl::prop_kind::forward_inference;
  constexpr auto kDirect = dnnl::algorithm::convolution_direct;
  const auto dims = [](const Size3& size) { return Dims(size.begin(), size.end()); };
  const Dims stride = dims(layer.stride), begin = dims(layer.pad_begin), end = dims(layer.pad_end);
#if DNNL_VERSION_MAJOR >= 3
  return {engine, kInference, kDirect, source, weights,   bias,
          result, stride,     begin,   end,    attributes};
#else
  return {
      {kInference, kDirect, source, weights, bias, result, stride, begin, end}, attributes, engine};
#endif
}

void append_relu(dnnl::post_ops& operations) {
#if DNNL_VERSION_MAJOR >= 3
  operations.append_eltwise(dnnl::algorithm::eltwise_relu, 0.f, 0.f);
#else
  operations.append_eltwise(1.f, dnnl::algorithm::eltwise_relu, 0.f, 0.f);
#endif
}

// The scratch memory is the caller's.
dnnl::primitive_attr attributes_of(bool relu) {
  dnnl::primitive_attr attributes;
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  dnnl::post_ops operations;
  if (relu) append_relu(operations);
  attributes.set_post_ops(operations);
  return attributes;
}

std::size_t aligned(std::size_t bytes) {
  return static_cast<std::size_t>(round_up(static_cast<std::int64_t>(bytes), kScratchAlignment));
}

Dims clip_dims(std::int64_t channels, const Size3& size) {
  return {1, channels, size[0], size[1], size[2]};
}

}  // namespace

// The scratch memory holds the reordered source, where there is one, and what each primitive wants.
struct OnednnConvolution::Primitives {
  Primitives(const ConvLayer& layer, const Array& weights, const Array& bias_values,
             const Size3& source_size, Source source)
      : held(clip_dims(weights.dim(1), source_size), kFloat,
             source == Source::kClip ? memory::format_tag::ncdhw : memory::format_tag::ndhwc) {
    const memory::desc plain(weights.shape, kFloat, memory::format_tag::oidhw);
    const memory::desc any_weights(weights.shape, kFloat, memory::format_tag::any);
    const memory::desc any_source(clip_dims(weights.dim(1), source_size), kFloat,
                                  memory::format_tag::any);
    const memory::desc bias_desc(bias_values.shape, kFloat, memory::format_tag::x);
    const memory::desc result(clip_dims(weights.dim(0), layer.size), kFloat,
                              memory::format_tag::ndhwc);
    desc = convolution_desc(engine, source == Source::kClip ? any_source : held, any_weights,
                            bias_desc, result, layer, attributes_of(layer.relu));
    convolution = dnnl::convolution_forward(desc);
    constants.emplace(DNNL_ARG_WEIGHTS, packed(plain, weights, desc.weights_desc()));
    constants.emplace(DNNL_ARG_BIAS, packed(bias_desc, bias_values, bias_desc));
    if (desc.src_desc() == held) return;
    const dnnl::reorder::primitive_desc reorder_desc(engine, held, engine, desc.src_desc(),
                                                     attributes_of(false));
    reorder = dnnl::reorder(reorder_desc);
    reorder_scratch = reorder_desc.scratchpad_desc();
    reordered_bytes = aligned(desc.src_desc().get_size());
  }

  // A copy of the values, in another layout.
  memory packed(const memory::desc& from, const Array& values, const memory::desc& to) const {
    memory source(from, engine, const_cast<float*>(values.values.data()));
    memory result(to, engine);
    dnnl::stream stream(engine);
    dnnl::reorder(source, result).execute(stream, source, result);
    stream.wait();
    return result;
  }

  dnnl::engine engine{dnnl::engine::kind::cpu, 0};
  memory::desc held;
  dnnl::convolution_forward::primitive_desc desc;
  dnnl::convolution_forward convolution;
  std::unordered_map<int, memory> constants;
  dnnl::reorder reorder;  // if reordered_bytes > 0
  memory::desc reorder_scratch;
  std::size_t reordered_bytes = 0;
};

OnednnConvolution::OnednnConvolution(const ConvLayer& layer, const Array& weights,
                                     const Array& bias, const Size3& source_size, Source source) {
  if (!is_fast_here()) throw UnsupportedNetwork("this CPU has neither AVX-512 nor AVX2");
  try {
    primitives_ = std::make_shared<Primitives>(layer, weights, bias, source_size, source);
  } catch (const dnnl::error& e) {
    throw UnsupportedNetwork(std::string("oneDNN does not take a convolution: ") + e.what());
  }
}

std::size_t OnednnConvolution::scratch_bytes() const {
  const Primitives& p = *primitives_;
  const std::size_t reorder = p.reordered_bytes > 0 ? p.reorder_scratch.get_size() : 0;
  return p.reordered_bytes + aligned(std::max(reorder, p.desc.scratchpad_desc().get_size()));
}

void OnednnConvolution::run(const float* source, float* result, std::byte* scratch) const {
  const Primitives& p = *primitives_;
  dnnl::stream stream(p.engine);
  memory from(p.held, p.engine, const_cast<float*>(source));
  std::byte* rest = scratch + p.reordered_bytes;
  if (p.reordered_bytes > 0) {
    const memory reordered(p.desc.src_desc(), p.engine, scratch);
    p.reorder.execute(stream, {{DNNL_ARG_FROM, from},
                               {DNNL_ARG_TO, reordered},
                               {DNNL_ARG_SCRATCHPAD, memory(p.reorder_scratch, p.engine, rest)}});
    from = reordered;
  }
  std::unordered_map<int, memory> arguments = p.constants;
  arguments.emplace(DNNL_ARG_SRC, from);
  arguments.emplace(DNNL_ARG_DST, memory(p.desc.dst_desc(), p.engine, result));
  arguments.emplace(DNNL_ARG_SCRATCHPAD, memory(p.desc.scratchpad_desc(), p.engine, rest));
  p.convolution.execute(stream, arguments);
  stream.wait();
}

bool OnednnConvolution::is_fast_here() {
  const int isa = static_cast<int>(dnnl::get_effective_cpu_isa());
  for (const dnnl::cpu_isa wanted : {dnnl::cpu_isa::avx512_core, dnnl::cpu_isa::avx2}) {
    if ((isa & static_cast<int>(wanted)) == static_cast<int>(wanted)) return true;
  }
  return false;
}

std::string OnednnConvolution::library_version() {
  const dnnl::version_t* version = dnnl::version();
  return "oneDNN " + std::to_string(version->major) + "." + std::to_string(version->minor) + "." +
         std::to_string(version->patch) + " (ISA " +
         std::to_string(static_cast<int>(dnnl::get_effective_cpu_isa())) + ")";
}

}  // namespace co2net
