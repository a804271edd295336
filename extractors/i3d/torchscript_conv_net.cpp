#include "extractors/i3d/torchscript_conv_net.h"

#include <torch/csrc/jit/passes/inliner.h>
#include <torch/script.h>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace co2net {
namespace {

using torch::jit::Block;
using torch::jit::Node;
using torch::jit::Value;
using Kind = ConvLayer::Kind;

// A tensor that depends on the input: the elements of a layer in their order, under another shape
// once the graph has squeezed or flattened it, or with zeros around that no layer holds.
struct Activation {
  std::size_t layer = 0;
  Shape shape;  // as the graph sees it, with the zeros
  Size3 zeros_begin{}, zeros_end{};
  bool is_outdated = false;  // the layer has become another since, by what follows it

  bool is_padded() const { return zeros_begin != Size3{} || zeros_end != Size3{}; }
};

// What a value of the graph stands for.
using Meaning = std::variant<c10::IValue, Activation, std::vector<Activation>>;

// The operator, and the module whose code it is in: "aten::conv3d in Mixed_3b(Mixed).b0(Unit)".
std::string name_of(const Node& node) {
  std::string module = torch::jit::utils::getNodesModuleHierarchy(node);
  module.erase(std::min(module.size(), module.find(".UNKNOWN_INSTANCE")));  // functions
  return node.kind().toQualString() + (module.empty() ? "" : " in " + module);
}

[[noreturn]] void refuse(const Node& node, const std::string& why) {
  throw UnsupportedNetwork(name_of(node) + ": " + why);
}

std::string first_line(const std::exception& e) {
  const std::string message = e.what();
  return message.substr(0, message.find('\n'));
}

Size3 operator+(Size3 a, const Size3& b) {
  std::transform(a.begin(), a.end(), b.begin(), a.begin(), std::plus<>());
  return a;
}

Shape layer_shape(const ConvLayer& layer) {
  return {1, layer.channels, layer.size[0], layer.size[1], layer.size[2]};
}

//   tensor  float32 on the CPU
Array array_of(const torch::Tensor& tensor) {
  const torch::Tensor values = tensor.contiguous();
  const float* data = values.data_ptr<float>();
  return {values.sizes().vec(), std::vector<float>(data, data + values.numel())};
}

torch::Tensor tensor_of(Array& array) { return torch::from_blob(array.values.data(), array.shape); }

class Reader {
 public:
  // Of the graph of the module's forward, with all that it calls.
  Reader(const torch::jit::Module& module, const torch::jit::Graph& graph, const Shape& input_shape)
      : changes_lists_(changes_lists(*graph.block())) {
    if (graph.inputs().size() != 2 || graph.outputs().size() != 1) {
      throw UnsupportedNetwork("forward does not take one tensor and return one");
    }
    bind(graph.inputs()[0], c10::IValue(module._ivalue()));
    ConvLayer input;
    input.channels = input_shape.at(1);
    input.size = {input_shape.at(2), input_shape.at(3), input_shape.at(4)};
    bind_layer(graph.inputs()[1], std::move(input));
    read_block(*graph.block());
    const Node& end = *graph.return_node();
    const Activation& result = activation(end, graph.outputs()[0]);
    expect_unpadded(end, result);
    net_.output = result.layer;
    net_.output_shape = result.shape;
  }

  ConvNet net() && { return std::move(net_); }

 private:
  using Read = void (Reader::*)(const Node&);

  static Read reader_of(std::string_view name) {
    static const std::map<std::string_view, Read> kReaders = {
        {"prim::If", &Reader::read_if},
        {"prim::Loop", &Reader::read_loop},
        {"prim::ListConstruct", &Reader::read_list},
        {"aten::conv3d", &Reader::read_convolution},
        {"aten::convolution", &Reader::read_convolution},
        {"aten::_convolution", &Reader::read_convolution},
        {"aten::_convolution_mode", &Reader::read_convolution},
        {"aten::batch_norm", &Reader::read_batch_norm},
        {"aten::relu", &Reader::read_relu},
        {"aten::relu_", &Reader::read_relu},
        {"aten::pad", &Reader::read_pad},
        {"aten::constant_pad_nd", &Reader::read_pad},
        {"aten::max_pool3d", &Reader::read_max_pool},
        {"aten::avg_pool3d", &Reader::read_average_pool},
        {"aten::adaptive_avg_pool3d", &Reader::read_adaptive_average_pool},
        {"aten::mean", &Reader::read_mean},
        {"aten::cat", &Reader::read_concat},
        {"aten::size", &Reader::read_query},
        {"aten::dim", &Reader::read_query},
        {"aten::numel", &Reader::read_query},
        {"aten::len", &Reader::read_query},
        {"aten::clone", &Reader::read_reshape},
        {"aten::contiguous", &Reader::read_reshape},
        {"aten::detach", &Reader::read_reshape},
        {"aten::dropout", &Reader::read_reshape},
        {"aten::flatten", &Reader::read_reshape},
        {"aten::reshape", &Reader::read_reshape},
        {"aten::squeeze", &Reader::read_reshape},
        {"aten::to", &Reader::read_reshape},
        {"aten::unsqueeze", &Reader::read_reshape},
        {"aten::view", &Reader::read_reshape},
    };
    const auto found = kReaders.find(name);
    return found == kReaders.end() ? nullptr : found->second;
  }

  void read_block(const Block& block) {
    for (const Node* node : block.nodes()) read_node(*node);
  }

  void read_node(const Node& node) {
    try {
      read_operator(node);
    } catch (const UnsupportedNetwork&) {
      throw;
    } catch (const std::exception& e) {  // of libtorch, about arguments that are not as expected
      refuse(node, first_line(e));
    }
  }

  void read_operator(const Node& node) {
    const std::string name = node.kind().toQualString();
    if (name == "prim::Constant") {
      bind(node.output(), torch::jit::toIValue(node.output()).value_or(c10::IValue()));
    } else if (node.blocks().empty() && has_constant_inputs(node)) {
      bind_constants(node);
    } else if (const Read read = reader_of(name)) {
      (this->*read)(node);
    } else {
      refuse(node, "an operator that is not known");
    }
  }

  // Control flow.

  void read_if(const Node& node) {
    read_branch(node, *node.blocks()[constant(node, node.input(0)).toBool() ? 0 : 1]);
  }

  void read_branch(const Node& node, const Block& block) {
    read_block(block);
    for (std::size_t i = 0; i < node.outputs().size(); ++i) {
      bind(node.outputs()[i], meaning(node, block.outputs()[i]));
    }
  }

  // Inputs: trip count, condition, carried values. A body takes the index and the carried values,
  // and returns the condition and the carried values.
  void read_loop(const Node& node) {
    const Block& body = *node.blocks()[0];
    const std::int64_t trips = constant(node, node.input(0)).toInt();
    bool goes_on = constant(node, node.input(1)).toBool();
    std::vector<Meaning> carried;
    for (const Value* value : node.inputs().slice(2)) carried.push_back(meaning(node, value));
    for (std::int64_t trip = 0; goes_on && trip < trips; ++trip) {
      bind(body.inputs()[0], c10::IValue(trip));
      for (std::size_t i = 0; i < carried.size(); ++i) bind(body.inputs()[i + 1], carried[i]);
      read_block(body);
      goes_on = constant(node, body.outputs()[0]).toBool();
      for (std::size_t i = 0; i < carried.size(); ++i) {
        carried[i] = meaning(node, body.outputs()[i + 1]);
      }
    }
    for (std::size_t i = 0; i < carried.size(); ++i) bind(node.outputs()[i], carried[i]);
  }

  void read_list(const Node& node) {
    std::vector<Activation> list;
    for (const Value* value : node.inputs()) list.push_back(activation(node, value));
    bind(node.output(), std::move(list));
  }

  // Operators that become layers.

  void read_convolution(const Node& node) {
    const Activation& x = volume(node, node.namedInput("input"));
    if (node.hasNamedInput("transposed") &&
        constant(node, node.namedInput("transposed")).toBool()) {
      refuse(node, "transposed");
    }
    if (constant(node, node.namedInput("groups")).toInt() != 1) refuse(node, "grouped");
    if (size3(node, "dilation", 1) != Size3{1, 1, 1}) refuse(node, "dilated");
    const std::int64_t inputs = net_.layers[x.layer].channels;
    const torch::Tensor weights = parameter(node, "weight", {-1, inputs, -1, -1, -1});
    ConvLayer layer;
    layer.kind = Kind::kConvolution;
    layer.inputs = {x.layer};
    layer.channels = weights.size(0);
    layer.kernel = {weights.size(2), weights.size(3), weights.size(4)};
    layer.stride = size3(node, "stride", 1);
    const auto [begin, end] = convolution_padding(node, layer);
    layer.pad_begin = x.zeros_begin + begin;
    layer.pad_end = x.zeros_end + end;
    for (std::size_t d = 0; d < 3; ++d) {
      const std::int64_t reach = x.shape[d + 2] + begin[d] + end[d] - layer.kernel[d];
      if (reach < 0) refuse(node, "a kernel larger than its input " + to_string(x.shape));
      layer.size[d] = reach / layer.stride[d] + 1;
    }
    layer.weights = array_of(weights);
    layer.bias = array_of(parameter_or(node, "bias", 0, layer.channels));
    bind_layer(node, std::move(layer));
  }

  // At both ends of each axis.
  std::pair<Size3, Size3> convolution_padding(const Node& node, const ConvLayer& layer) const {
    const c10::IValue& padding = constant(node, node.namedInput("padding"));
    if (!padding.isString()) return {size3(node, "padding", 0), size3(node, "padding", 0)};
    if (padding.toStringRef() == "valid") return {};
    if (padding.toStringRef() != "same" || layer.stride != Size3{1, 1, 1}) {
      refuse(node, "padding '" + padding.toStringRef() + "'");
    }
    Size3 begin{}, end{};
    for (std::size_t d = 0; d < 3; ++d) {  // the odd unit at the end
      begin[d] = (layer.kernel[d] - 1) / 2;
      end[d] = layer.kernel[d] - 1 - begin[d];
    }
    return {begin, end};
  }

  // Becomes part of the convolution that it follows.
  void read_batch_norm(const Node& node) {
    if (constant(node, node.namedInput("training")).toBool()) refuse(node, "in training mode");
    const Activation x = volume(node, node.namedInput("input"));
    expect_unpadded(node, x);
    ConvLayer& layer = own_convolution(node, x.layer);
    const Shape per_channel{layer.channels};
    const torch::Tensor scale = parameter_or(node, "weight", 1, layer.channels);
    const torch::Tensor shift = parameter_or(node, "bias", 0, layer.channels);
    const torch::Tensor mean = parameter(node, "running_mean", per_channel);
    const torch::Tensor variance = parameter(node, "running_var", per_channel);
    const torch::Tensor inverse_deviation =
        torch::rsqrt(variance + constant(node, node.namedInput("eps")).toDouble());
    tensor_of(layer.weights).mul_((scale * inverse_deviation).reshape({-1, 1, 1, 1, 1}));
    tensor_of(layer.bias).sub_(mean).mul_(inverse_deviation).mul_(scale).add_(shift);
    bind(node.output(), x);
  }

  // Becomes part of the convolution that it follows.
  void read_relu(const Node& node) {
    const Activation x = activation(node, node.input(0));
    if (!is_non_negative(x.layer)) own_convolution(node, x.layer).relu = true;
    bind(node.output(), x);
  }

  // The convolution that `node` is about to become part of. No layer may have read its output, and
  // none may from now on but by the node's result: neither what has been changed in place, nor what
  // is still wanted as it was.
  ConvLayer& own_convolution(const Node& node, std::size_t index) {
    const bool is_read =
        std::any_of(net_.layers.begin(), net_.layers.end(), [&](const ConvLayer& layer) {
          return std::find(layer.inputs.begin(), layer.inputs.end(), index) != layer.inputs.end();
        });
    if (net_.layers[index].kind != Kind::kConvolution || net_.layers[index].relu || is_read) {
      refuse(node, "does not directly follow a convolution of its own");
    }
    for (auto& [value, meaning] : meanings_) {
      if (auto* x = std::get_if<Activation>(&meaning)) outdate(*x, index);
      if (auto* list = std::get_if<std::vector<Activation>>(&meaning)) {
        for (Activation& x : *list) outdate(x, index);
      }
    }
    return net_.layers[index];
  }

  static void outdate(Activation& x, std::size_t layer) {
    if (x.layer == layer) x.is_outdated = true;
  }

  void read_pad(const Node& node) {
    Activation x = volume(node, node.namedInput("self"));
    if (node.kind().toQualString() == std::string_view("aten::pad") &&
        constant(node, node.namedInput("mode")).toStringRef() != "constant") {
      refuse(node, "pads with something else than zeros");
    }
    const c10::IValue& value = constant(node, node.namedInput("value"));
    if (!value.isNone() && value.toScalar().toDouble() != 0) {
      refuse(node, "pads with something else than zeros");
    }
    // From the last axis to the first, both ends of each.
    const std::vector<std::int64_t> pads = constant(node, node.namedInput("pad")).toIntVector();
    if (pads.size() % 2 != 0 || pads.size() > 2 * x.shape.size()) {
      refuse(node, "pads " + std::to_string(pads.size()) + " ends of " + to_string(x.shape));
    }
    for (std::size_t i = 0; i < pads.size(); ++i) {
      if (pads[i] < 0) refuse(node, "crops");
      if (pads[i] > kLargestSize) refuse(node, "pads by " + std::to_string(pads[i]));
      if (i >= 6 && pads[i] > 0) refuse(node, "pads channels");
      if (i >= 6) continue;
      const std::size_t axis = 2 - i / 2;
      (i % 2 == 0 ? x.zeros_begin : x.zeros_end)[axis] += pads[i];
      x.shape[axis + 2] += pads[i];
    }
    bind(node.output(), x);
  }

  void read_max_pool(const Node& node) {
    const Activation& x = volume(node, node.namedInput("self"));
    if (x.is_padded() && !is_non_negative(x.layer)) {
      refuse(node, "zeros around values that may be negative");
    }
    if (size3(node, "dilation", 1) != Size3{1, 1, 1}) refuse(node, "dilated");
    const bool ceil_mode = constant(node, node.namedInput("ceil_mode")).toBool();
    const Size3 padding = size3(node, "padding", 0);
    ConvLayer layer;
    layer.kind = Kind::kMaxPool;
    layer.inputs = {x.layer};
    layer.channels = net_.layers[x.layer].channels;
    layer.kernel = size3(node, "kernel_size", 1);
    layer.stride = size3(node, "stride", 1, layer.kernel);
    layer.pad_begin = x.zeros_begin + padding;
    for (std::size_t d = 0; d < 3; ++d) {
      const std::int64_t kernel = layer.kernel[d], stride = layer.stride[d];
      const std::int64_t reach = x.shape[d + 2] + 2 * padding[d] - kernel;
      std::int64_t last = (reach + (ceil_mode ? stride - 1 : 0)) / stride;
      // With ceil_mode the last window may overhang, but has to begin inside of the input.
      if (ceil_mode && last * stride >= x.shape[d + 2] + padding[d]) --last;
      layer.size[d] = last + 1;
      const std::int64_t held = net_.layers[x.layer].size[d];
      layer.pad_end[d] =
          std::max<std::int64_t>(0, last * stride + kernel - held - layer.pad_begin[d]);
      if (reach < 0 || layer.pad_begin[d] >= kernel || layer.pad_end[d] >= kernel) {
        refuse(node, "a window outside of its input " + to_string(x.shape));
      }
      if (2 * padding[d] > kernel) refuse(node, "pads by more than half of a window");
    }
    bind_layer(node, std::move(layer));
  }

  void read_average_pool(const Node& node) {
    const Activation& x = volume(node, node.namedInput("self"));
    const Size3 kernel = size3(node, "kernel_size", 1);
    const Size3 stride = size3(node, "stride", 1, kernel);
    if (size3(node, "padding", 0) != Size3{}) refuse(node, "pads");
    if (!constant(node, node.namedInput("divisor_override")).isNone()) {
      refuse(node, "another divisor than the window's size");
    }
    const bool ceil_mode = constant(node, node.namedInput("ceil_mode")).toBool();
    for (std::size_t d = 0; d < 3; ++d) {
      if (ceil_mode && (x.shape[d + 2] - kernel[d]) % stride[d] != 0) refuse(node, "overhangs");
    }
    bind_average(node, x, kernel, stride);
  }

  void read_adaptive_average_pool(const Node& node) {
    const Activation& x = volume(node, node.namedInput("self"));
    const Size3 output = size3(node, "output_size", 1);
    Size3 kernel{};
    for (std::size_t d = 0; d < 3; ++d) {
      if (x.shape[d + 2] % output[d] != 0) refuse(node, "windows of unequal size");
      kernel[d] = x.shape[d + 2] / output[d];
    }
    bind_average(node, x, kernel, kernel);
  }

  // Over axes of time, height and width, which may have been moved by an earlier mean or squeeze.
  void read_mean(const Node& node) {
    const Activation x = activation(node, node.namedInput("self"));
    if (node.inputs().size() != 4) refuse(node, "over all axes");
    const std::vector<std::int64_t> dims = constant(node, node.namedInput("dim")).toIntVector();
    if (dims.empty()) refuse(node, "over all axes");
    const Size3& size = net_.layers[x.layer].size;
    const std::vector<int> axes = layer_axes(node, x);
    Size3 kernel{1, 1, 1};
    const auto rank = static_cast<std::int64_t>(x.shape.size());
    for (std::int64_t dim : dims) {
      const int axis = axes.at(static_cast<std::size_t>(dim < 0 ? dim + rank : dim));
      if (axis == kChannels) refuse(node, "over channels");
      if (axis != kNoAxis)
        kernel[static_cast<std::size_t>(axis)] = size[static_cast<std::size_t>(axis)];
    }
    const Shape shape = shape_after(node);
    bind_average(node, x, kernel, {1, 1, 1});
    std::get<Activation>(meanings_[node.output()]).shape = shape;
  }

  void read_concat(const Node& node) {
    const auto* list =
        std::get_if<std::vector<Activation>>(&meaning(node, node.namedInput("tensors")));
    const std::int64_t dim = constant(node, node.namedInput("dim")).toInt();
    if (list == nullptr || list->empty() || (dim != 1 && dim != -4)) {
      refuse(node, "joins something else than channels");
    }
    ConvLayer layer;
    layer.kind = Kind::kConcat;
    layer.size = net_.layers[list->front().layer].size;
    for (const Activation& x : *list) {
      expect_current(node, x);
      expect_unpadded(node, x);
      const ConvLayer& part = net_.layers[x.layer];
      if (x.shape != layer_shape(part) || part.size != layer.size) {
        refuse(node, "parts of different sizes");
      }
      layer.inputs.push_back(x.layer);
      layer.channels += part.channels;
    }
    bind_layer(node, std::move(layer));
  }

  // Operators on shapes.

  void read_query(const Node& node) { bind(node.output(), result_on_shapes(node)); }

  void read_reshape(const Node& node) {
    Activation x = activation(node, node.input(0));
    expect_unpadded(node, x);
    if (node.kind().toQualString() == std::string_view("aten::dropout") &&
        constant(node, node.namedInput("train")).toBool()) {
      refuse(node, "in training mode");
    }
    x.shape = shape_after(node);
    bind(node.output(), x);
  }

  Shape shape_after(const Node& node) const {
    const torch::Tensor result = result_on_shapes(node).toTensor();
    if (result.scalar_type() != torch::kFloat) refuse(node, "changes the type");
    return result.sizes().vec();
  }

  // The operator's result on tensors that have a shape and no elements.
  c10::IValue result_on_shapes(const Node& node) const {
    torch::jit::Stack stack;
    for (const Value* value : node.inputs()) {
      const auto* x = std::get_if<Activation>(&meaning(node, value));
      stack.push_back(x == nullptr ? constant(node, value)
                                   : torch::empty(x->shape, torch::device(torch::kMeta)));
    }
    node.getOperation()(stack);
    return stack.back();
  }

  // Constants.

  bool has_constant_inputs(const Node& node) const {
    return std::all_of(node.inputs().begin(), node.inputs().end(), [&](const Value* value) {
      const auto found = meanings_.find(value);
      return found != meanings_.end() && std::holds_alternative<c10::IValue>(found->second);
    });
  }

  void bind_constants(const Node& node) {
    if (node.isNondeterministic()) refuse(node, "gives random numbers");
    if (node.kind() == c10::prim::GetAttr) return bind_attribute(node);
    if (node.kind() == c10::prim::SetAttr) refuse(node, "changes the network");
    if (changes_anything(node) && !changes_list(node)) refuse(node, "changes a constant");
    torch::jit::Stack stack;
    for (const Value* value : node.inputs()) stack.push_back(constant(node, value));
    const std::string_view name = node.kind().toQualString();
    if (name == "prim::ListConstruct") {
      torch::jit::Stack list;
      c10::impl::GenericList values(
          node.output()->type()->expectRef<c10::ListType>().getElementType());
      for (const c10::IValue& value : stack) values.push_back(value);
      list.emplace_back(values);
      stack = std::move(list);
    } else if (name == "prim::ListUnpack") {
      const auto list = stack.at(0).toListRef().vec();
      stack = {list.begin(), list.end()};
    } else if (name == "prim::TupleConstruct") {
      stack = {c10::ivalue::Tuple::create(stack)};
    } else if (name == "prim::TupleUnpack") {
      const auto tuple = stack.at(0).toTupleRef().elements().vec();
      stack = {tuple.begin(), tuple.end()};
    } else {
      // Versions of libtorch differ in how such an operator, prim::Print, is told how many there
      // are.
      if (node.getOperator().schema().is_vararg()) refuse(node, "takes any number of values");
      node.getOperation()(stack);
    }
    if (stack.size() != node.outputs().size()) refuse(node, "gives another number of values");
    for (std::size_t i = 0; i < stack.size(); ++i) bind(node.outputs()[i], stack[i]);
  }

  static constexpr std::int64_t kLargestSize = 1 << 20;  // so that sums of some do not overflow

  void bind_attribute(const Node& node) {
    const auto& object = constant(node, node.input()).toObjectRef();
    const c10::IValue& value = object.getAttr(node.s(c10::attr::name));
    if (value.isList() && changes_lists_) refuse(node, "is a list, of which some are changed");
    bind(node.output(), value);
  }

  static bool changes_anything(const Node& node) {
    const c10::FunctionSchema* schema = node.maybeSchema();
    return schema != nullptr && schema->is_mutable();
  }

  // Of integers alone, the only ones to be changed while the graph is read.
  static bool changes_list(const Node& node) {
    return changes_anything(node) && *node.input(0)->type() == *c10::ListType::ofInts();
  }

  static bool changes_lists(const Block& block) {
    const auto nodes = block.nodes();
    return std::any_of(nodes.begin(), nodes.end(), [](const Node* node) {
      const auto blocks = node->blocks();
      return changes_list(*node) ||
             std::any_of(blocks.begin(), blocks.end(),
                         [](const Block* inner) { return changes_lists(*inner); });
    });
  }

  // A list of three, one value for all three, or nothing, which stands for `otherwise`.
  Size3 size3(const Node& node, const std::string& name, std::int64_t smallest,
              std::optional<Size3> otherwise = std::nullopt) const {
    const c10::IValue& value = constant(node, node.namedInput(name));
    const std::vector<std::int64_t> sizes =
        value.isInt() ? std::vector<std::int64_t>{value.toInt()} : value.toIntVector();
    if (sizes.empty() && otherwise) return *otherwise;
    for (const std::int64_t size : sizes) {
      if (size < smallest || size > kLargestSize)
        refuse(node, name + " of " + std::to_string(size));
    }
    if (sizes.size() == 1) return {sizes[0], sizes[0], sizes[0]};
    if (sizes.size() != 3) refuse(node, "is not over time, height and width");
    return {sizes[0], sizes[1], sizes[2]};
  }

  //   shape    wanted; -1 stands for any size but 0
  //   returns  float32 on the CPU
  torch::Tensor parameter(const Node& node, const std::string& name, const Shape& shape) const {
    torch::Tensor tensor = constant(node, node.namedInput(name)).toTensor();
    if (tensor.scalar_type() != torch::kFloat || !tensor.device().is_cpu()) {
      refuse(node, name + " is " + tensor.toString());
    }
    const bool fits = std::equal(
        shape.begin(), shape.end(), tensor.sizes().begin(), tensor.sizes().end(),
        [](std::int64_t want, std::int64_t got) { return want == -1 ? got > 0 : got == want; });
    if (!fits) {
      refuse(node, name + " is " + to_string(tensor.sizes().vec()) + " where " + to_string(shape) +
                       " is wanted");
    }
    return tensor;
  }

  // One a channel; `otherwise` where the network has none.
  torch::Tensor parameter_or(const Node& node, const std::string& name, float otherwise,
                             std::int64_t channels) const {
    if (!constant(node, node.namedInput(name)).isNone()) return parameter(node, name, {channels});
    return torch::full({channels}, otherwise);
  }

  // Activations.

  // The activation as [1, channels, time, height, width].
  const Activation& volume(const Node& node, const Value* value) const {
    const Activation& x = activation(node, value);
    Shape held = layer_shape(net_.layers[x.layer]);
    for (std::size_t d = 0; d < 3; ++d) held[d + 2] += x.zeros_begin[d] + x.zeros_end[d];
    if (x.shape != held) refuse(node, "works on the shape " + to_string(x.shape));
    return x;
  }

  static constexpr int kNoAxis = -2, kChannels = -1;  // 0, 1, 2: time, height, width

  // Which of its layer's axes each axis of the activation is; kNoAxis for those of size 1.
  std::vector<int> layer_axes(const Node& node, const Activation& x) const {
    const Shape held = layer_shape(net_.layers[x.layer]);
    std::vector<int> axes;
    std::size_t next = 1;
    for (const std::int64_t size : x.shape) {
      if (size == 1) {
        axes.push_back(kNoAxis);
        continue;
      }
      while (next < held.size() && held[next] == 1) ++next;
      if (next == held.size() || held[next] != size) {
        refuse(node, "works on the shape " + to_string(x.shape));
      }
      axes.push_back(static_cast<int>(next) - 2);
      ++next;
    }
    return axes;
  }

  static void expect_unpadded(const Node& node, const Activation& x) {
    if (x.is_padded()) refuse(node, "follows a padding");
  }

  bool is_non_negative(std::size_t index) const {
    const ConvLayer& layer = net_.layers[index];
    if (layer.kind == Kind::kInput) return false;
    if (layer.kind == Kind::kConvolution) return layer.relu;
    return std::all_of(layer.inputs.begin(), layer.inputs.end(),
                       [&](std::size_t input) { return is_non_negative(input); });
  }

  void bind_average(const Node& node, const Activation& x, const Size3& kernel,
                    const Size3& stride) {
    expect_unpadded(node, x);
    ConvLayer layer;
    layer.kind = Kind::kAveragePool;
    layer.inputs = {x.layer};
    layer.channels = net_.layers[x.layer].channels;
    layer.kernel = kernel;
    layer.stride = stride;
    for (std::size_t d = 0; d < 3; ++d) {
      const std::int64_t reach = net_.layers[x.layer].size[d] - kernel[d];
      if (reach < 0) refuse(node, "a window larger than its input " + to_string(x.shape));
      layer.size[d] = reach / stride[d] + 1;
    }
    bind_layer(node, std::move(layer));
  }

  // Meanings of values.

  void bind(const Value* value, Meaning meaning) { meanings_[value] = std::move(meaning); }

  void bind_layer(const Value* value, ConvLayer layer) {
    bind(value, Activation{net_.layers.size(), layer_shape(layer), {}, {}});
    net_.layers.push_back(std::move(layer));
  }

  void bind_layer(const Node& node, ConvLayer layer) {
    constexpr std::int64_t kMostValues = std::int64_t{1} << 31;
    if (element_count(layer_shape(layer)) > kMostValues) {
      refuse(node, "a result " + to_string(layer_shape(layer)));
    }
    bind_layer(node.output(), std::move(layer));
  }

  const Meaning& meaning(const Node& node, const Value* value) const {
    const auto found = meanings_.find(value);
    if (found == meanings_.end()) refuse(node, "uses a value that is not known");
    return found->second;
  }

  const c10::IValue& constant(const Node& node, const Value* value) const {
    const auto* known = std::get_if<c10::IValue>(&meaning(node, value));
    if (known == nullptr) refuse(node, "depends on the clip's values");
    return *known;
  }

  const Activation& activation(const Node& node, const Value* value) const {
    const auto* known = std::get_if<Activation>(&meaning(node, value));
    if (known == nullptr) refuse(node, "takes something else than a tensor made from the clip");
    expect_current(node, *known);
    return *known;
  }

  static void expect_current(const Node& node, const Activation& x) {
    if (x.is_outdated) refuse(node, "takes what an operator before it has become part of");
  }

  ConvNet net_;
  std::map<const Value*, Meaning> meanings_;
  bool changes_lists_;
};

}  // namespace

ConvNet read_conv_net(const torch::jit::Module& module, const Shape& input_shape) {
  const torch::InferenceMode no_grad;
  const std::shared_ptr<torch::jit::Graph> graph = module.get_method("forward").graph()->copy();
  torch::jit::Inline(*graph);
  return Reader(module, *graph, input_shape).net();
}

}  // namespace co2net
