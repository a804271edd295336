#include "cli/cli.h"
#include "cli/library_versions.h"

namespace co2net {

const Program& full_program() {
  static const Program program = [] {
    Program full = light_program();
    full.commands.insert(
        full.commands.end(),
        {&kRunCommand, &kExtractCommand, &kFlowCommand, &kLocalizeCommand, &kTrainCommand,
         &kAblateCommand, &kImportCommand, &kExplainCommand, &kSuggestCommand, &kProbeCommand,
         &kReportCommand, &kRenderCommand, &kCompletionCommand, &kManualCommand, &kDoctorCommand});
    full.libraries = library_versions;
    return full;
  }();
  return program;
}

}  // namespace co2net
