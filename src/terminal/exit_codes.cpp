#include "terminal/exit_codes.hpp"

#include <fmt/format.h>

#include <utility>

#include "core/error.hpp"

namespace medpfl {
namespace {

const std::pair<ExitCode, const char*> kCodes[] = {
    {ExitCode::kOk, "The run is complete, or something was only shown."},
    {ExitCode::kInternal, "A defect of MedPFL, or an error of a library: report it."},
    {ExitCode::kConfig, "An option, a file of options or a flag is wrong: correct it."},
    {ExitCode::kData, "Images, labels or model.weights cannot be used, or have changed."},
    {ExitCode::kOutput, "A result cannot be written: make room, then --resume."},
    {ExitCode::kFormat, "A result file cannot be read: use another, or --overwrite."},
    {ExitCode::kNumeric, "A number is NaN or infinite: the training diverged."},
    {ExitCode::kCommunication, "MPI failed, or the launcher does not match the MPI library."},
    {ExitCode::kDropout, "Too few hospitals' updates arrived in a round."},
    {ExitCode::kBusy, "Another process is at work on the run: wait for it."},
    {ExitCode::kInterrupted, "The run stopped as asked, with a checkpoint: --resume goes on."}};

}  // namespace

std::string list_exit_codes() {
  std::string out = "exit codes of medpfl:\n";
  for (const auto& [code, meaning] : kCodes)
    out += fmt::format("  {:>2}  {}\n", static_cast<int>(code), meaning);
  return out + "docs/exit_codes.md says what to do, also in batch scripts.\n";
}

}  // namespace medpfl
