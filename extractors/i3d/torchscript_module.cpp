#include "extractors/i3d/torchscript_module.h"

#include <spdlog/spdlog.h>
#include <torch/csrc/jit/passes/inline_fork_wait.h>
#include <torch/csrc/jit/passes/inliner.h>
#include <torch/csrc/jit/runtime/print_handler.h>
#include <torch/script.h>

#include <string>

#include "pipeline/base/error.h"

namespace co2net {
namespace {

using torch::jit::Block;
using torch::jit::Graph;
using torch::jit::Module;
using torch::jit::Node;

bool is_convertible(torch::ScalarType type) {
  return type == torch::kFloat || type == torch::kHalf || type == torch::kBFloat16;
}

bool is_other(torch::ScalarType found, torch::ScalarType wanted) {
  return found != wanted && is_convertible(found);
}

// Returns whether any was of another type.
bool convert_weights(const Module& module, torch::ScalarType type) {
  bool has_converted = false;
  for (const c10::IValue& attribute : module.attributes()) {
    if (!attribute.isTensor()) continue;
    torch::Tensor tensor = attribute.toTensor();
    if (!tensor.defined() || !is_other(tensor.scalar_type(), type)) continue;
    tensor.set_data(tensor.to(type));
    has_converted = true;
  }
  return has_converted;
}

// What a constant becomes, which is itself where nothing is to be converted.
c10::IValue converted(const c10::IValue& constant, bool is_type, torch::ScalarType type) {
  if (constant.isTensor() && is_other(constant.toTensor().scalar_type(), type)) {
    return constant.toTensor().to(type);
  }
  if (is_type && constant.isInt() && is_other(constant.toScalarType(), type)) return type;
  return constant;
}

void convert_constants(Block& block, torch::ScalarType type) {
  for (Node* node : block.nodes()) {
    const c10::FunctionSchema* schema = node->maybeSchema();
    for (std::size_t i = 0; i < node->inputs().size(); ++i) {
      const auto constant = torch::jit::toIValue(node->input(i));
      if (!constant) continue;
      const bool is_type = schema != nullptr && i < schema->arguments().size() &&
                           schema->arguments()[i].name() == "dtype";
      const c10::IValue wanted = converted(*constant, is_type, type);
      if (wanted.is(*constant)) continue;
      const torch::jit::WithInsertPoint before(node);
      node->replaceInput(i, node->owningGraph()->insertConstant(wanted));
    }
    for (Block* inner : node->blocks()) convert_constants(*inner, type);
  }
}

void expect_one_tensor(const Module& module) {
  const auto& results = module.get_method("forward").function().getSchema().returns();
  if (results.size() == 1 && results[0].type()->isSubtypeOf(*c10::TensorType::get())) return;
  throw Error(ErrorKind::kModel,
              "forward returns " +
                  (results.empty() ? "nothing" : results[0].type()->annotation_str()) +
                  ", and not one Tensor; save a network that returns the features alone");
}

void log_print(const std::string& text) {
  spdlog::info("printed by a network: {}", text.substr(0, text.find_last_not_of('\n') + 1));
}

}  // namespace

Module load_torchscript(const std::filesystem::path& file, torch::Device device,
                        torch::ScalarType type) {
  torch::jit::setPrintHandler(log_print);
  const torch::NoGradGuard no_grad;
  Module module = torch::jit::load(file.string(), device);
  module.eval();
  expect_one_tensor(module);
  const std::shared_ptr<Graph> graph = module.get_method("forward").graph();
  torch::jit::Inline(*graph);
  torch::jit::InlineForkWait(graph);
  if (convert_weights(module, type)) convert_constants(*graph->block(), type);
  return module;
}

}  // namespace co2net
