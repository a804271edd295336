#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <string>

#include "pipeline/formats/npy.h"
#include "pipeline/formats/python_file.h"

namespace co2net {

// A network's parameters by name, as torch.save(network.state_dict(), FILE) writes them.
struct StateDict {
  PythonFile file;  // holds the arrays' bytes
  std::string name;
  std::map<std::string, RawArray> arrays;
};

// The parameters in a torch checkpoint, a pickle, a .npz or a .safetensors: the file's dictionary
// of arrays, or the one that it holds where training scripts put it, under "state_dict", "model",
// "net" and the like, beside whatever else. What wrappers put before every name is left out, in any
// order and number: "module." (DataParallel, AveragedModel with its count), "model.", "net." (a
// class that holds the network), and "_orig_mod." (torch.compile) wherever it stands. Errors:
// Error(kIo); Error(kInput) naming the file, the defect and the remedy, for two such dictionaries
// and for two names that become one, too.
StateDict read_state_dict(const std::filesystem::path& path);
// The same for a file's content in memory; `name` leads messages.
StateDict parse_state_dict(std::string bytes, const std::string& name);

// What a state dict must hold.
struct ExpectedParameters {
  std::string network;                  // for messages: whose parameters these are
  std::map<std::string, Shape> shapes;  // by the names that are used here
  // A parameter's name in the file.
  std::function<std::string(const std::string& name)> name_in_file;
  // Whether a name of the file that is not one of these may be there all the same.
  std::function<bool(const std::string& name_in_file)> is_ignored;
};

// Exactly these parameters as float32. Errors: Error(kInput) naming the file, the network and the
// first few that are missing, unknown or of another shape, or one that holds NaN or infinity.
Arrays take_parameters(const StateDict& given, const ExpectedParameters& expected);

}  // namespace co2net
