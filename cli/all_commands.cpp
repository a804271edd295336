#include "cli/cli.h"

namespace co2net {

const Commands& all_commands() {
  static const Commands commands = [] {
    Commands all = {&kRunCommand,      &kExtractCommand, &kFlowCommand,
                    &kLocalizeCommand, &kTrainCommand,   &kAblateCommand,
                    &kImportCommand,   &kExplainCommand, &kProbeCommand};
    all.insert(all.end(), light_commands().begin(), light_commands().end());
    return all;
  }();
  return commands;
}

}  // namespace co2net
