#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

namespace co2net {

// What the code of a TorchScript module, an archive that torch.jit.save wrote, calls, each by its
// name there and with the number of places: "torch.conv3d" and "ops.prim.RaiseException" are
// operations, "print" and "float" built in, ".forward" methods. Whatever is named of torch and ops
// counts, called or not. Functions of the module's own, whose code is there too, do not. Only text
// is read; nothing is executed. Errors: Error(kInput), led by `name`.
using ScriptCalls = std::map<std::string, std::size_t>;
ScriptCalls script_calls(std::string_view archive, const std::string& name);

// The same for one file of such code.
void count_script_calls(std::string_view code, ScriptCalls& calls);

}  // namespace co2net
