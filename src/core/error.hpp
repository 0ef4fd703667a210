#pragma once
#include <stdexcept>
#include <string>

namespace medpfl {

/// The exit codes of `medpfl`, by kind of error.
enum class ExitCode : int {
  kOk = 0,
  kInternal = 1,       ///< a defect in MedPFL or an error of a library
  kConfig = 2,         ///< an option, a config file or the command line
  kData = 3,           ///< images, labels or folders that cannot be used
  kOutput = 4,         ///< a result cannot be written
  kFormat = 5,         ///< a result file cannot be read
  kNumeric = 6,        ///< NaN, or a value outside the range of the exact sum
  kCommunication = 7,  ///< MPI, or a launcher that does not match it
  kDropout = 8,        ///< too few hospitals' updates arrived in a round
  kBusy = 9,           ///< another process is at work on the run
  kInterrupted = 75,   ///< stopped as asked; --resume goes on from what is kept (EX_TEMPFAIL)
};

/// The base of all errors that MedPFL throws. The message says what is wrong, with which value,
/// where, and what to do.
class Error : public std::runtime_error {
 public:
  Error(ExitCode code, const std::string& message) : std::runtime_error(message), code_(code) {}
  ExitCode code() const { return code_; }

 private:
  ExitCode code_;
};

/// Errors of one kind each, which ExitCode describes.
struct ConfigError final : Error {
  explicit ConfigError(const std::string& m) : Error(ExitCode::kConfig, m) {}
};
struct DataError final : Error {
  explicit DataError(const std::string& m) : Error(ExitCode::kData, m) {}
};
struct OutputError final : Error {
  explicit OutputError(const std::string& m) : Error(ExitCode::kOutput, m) {}
};
struct FormatError final : Error {
  explicit FormatError(const std::string& m) : Error(ExitCode::kFormat, m) {}
};
struct NumericError final : Error {
  explicit NumericError(const std::string& m) : Error(ExitCode::kNumeric, m) {}
};
struct CommunicationError final : Error {
  explicit CommunicationError(const std::string& m) : Error(ExitCode::kCommunication, m) {}
};

/// An error that every rank knows and throws alike (Communicator::agree): the job ends in order,
/// without MPI_Abort, and rank 0 alone prints it.
class AgreedError final : public Error {
 public:
  AgreedError(ExitCode code, const std::string& m) : Error(code, m) {}
};

}  // namespace medpfl
