#pragma once
#include <cstdint>
#include <optional>
#include <string>

namespace medpfl {

/// The state of a run between two steps: all that --resume needs besides closed segment files.
struct Checkpoint {
  std::string config;      ///< resolved INI
  std::string inputs;      ///< digests, as to_text(InputDigests) writes them
  std::string build;       ///< version and commit of the program that wrote it
  int64_t next_round = 0;  ///< for people; the state holds it too
  int64_t finished_tasks = 0;
  std::string client_states;  ///< file of them in the folder, "": none
  std::string shared;         ///< state every rank needs
  std::string server;         ///< state of rank 0 alone
};

/// Writes `folder`/checkpoint.h5 with a checksum of its content: temporary file, fsync, rename. The
/// one before becomes checkpoint.previous.h5. Throws OutputError.
void write_checkpoint(const std::string& folder, const Checkpoint& checkpoint);

/// The newest checkpoint that is whole, its client states included; warns of one that is not.
/// Nothing when there is none at all. Throws FormatError when there are some and none is whole.
std::optional<Checkpoint> read_checkpoint(const std::string& folder);

/// A run that is complete needs none, nor client states.
void remove_checkpoints(const std::string& folder);

}  // namespace medpfl
