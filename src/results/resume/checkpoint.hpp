#pragma once
#include <cstdint>
#include <optional>
#include <string>

namespace medpfl {

/// The state of a run between two steps: everything that --resume needs besides closed segment
/// files.
struct Checkpoint {
  std::string config;      ///< the resolved configuration, as an INI file
  std::string inputs;      ///< digests of the inputs, as to_text(InputDigests) writes them
  std::string build;       ///< version and commit of the program that wrote it
  int64_t next_round = 0;  ///< shown to people; `shared` holds the round too
  int64_t finished_tasks = 0;
  std::string client_states;  ///< name of the file of hospitals' states in the folder; "": none
  std::string shared;         ///< the state that every rank needs
  std::string server;         ///< the state that rank 0 alone needs
};

/// Writes `folder`/checkpoint.h5 with a checksum of its content, so that a crash leaves the old
/// file or the new one (temporary file, fsync, rename). The checkpoint before becomes
/// checkpoint.previous.h5. Throws OutputError where the file cannot be written.
void write_checkpoint(const std::string& folder, const Checkpoint& checkpoint);

/// Returns the newest checkpoint that is whole, its file of hospitals' states included, and warns
/// of one that is not. Returns nothing where there is no checkpoint. Throws FormatError where there
/// are checkpoints and none is whole.
std::optional<Checkpoint> read_checkpoint(const std::string& folder);

/// Reads the checkpoint of a file, its file of hospitals' states included. Throws FormatError where
/// it is damaged.
void verify_checkpoint(const std::string& path);

/// Removes the checkpoints and hospitals' states of a run that is complete and needs none.
void remove_checkpoints(const std::string& folder);

}  // namespace medpfl
