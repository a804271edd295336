#include "cli/cli.h"

namespace co2net {

const Program& light_program() {
  static const Program program = {{&kProposeCommand, &kEvalCommand, &kConvertCommand,
                                   &kMergeCommand, &kPackCommand, &kUnpackCommand, &kInspectCommand,
                                   &kCacheCommand}};
  return program;
}

}  // namespace co2net
