#include "cli/cli.h"

namespace co2net {

const Commands& light_commands() {
  static const Commands commands = {&kProposeCommand, &kEvalCommand,   &kConvertCommand,
                                    &kPackCommand,    &kUnpackCommand, &kInspectCommand,
                                    &kCacheCommand};
  return commands;
}

}  // namespace co2net
