#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "comm/communicator.hpp"
#include "core/bytes.hpp"
#include "federation/row_store.hpp"

namespace medpfl {

/// The file of what the defenses keep of all hospitals. All ranks together write it into
/// `folder`/states/round-NNNNN.h5 for the checkpoint that names it, and read it back on any number
/// of ranks. Files that the last two checkpoints name are kept.
class ClientStateFile {
 public:
  /// `states` are those of this rank's hospitals and must outlive this object. Collective. Throws
  /// AgreedError.
  ClientStateFile(const Communicator& comm, std::string folder, RowStore* states);

  /// Writes the states as they are before round `next_round`, unless they are written already.
  /// Collective. Throws AgreedError.
  void cut(int64_t next_round);
  /// Returns the name of the file of the last cut, relative to the folder; "" where no hospital has
  /// a state yet.
  const std::string& name() const { return name_; }

  /// Reads the states of `clients`, the hospitals of this rank, from file `name` of a checkpoint
  /// before round `next_round`. Collective. Throws AgreedError.
  void restore(const std::string& name, int64_t next_round, const std::vector<int64_t>& clients);
  /// Removes all files but the last two; on rank 0.
  void remove_unknown() const;

 private:
  void write(const std::string& path) const;
  void read(const std::string& path, const std::vector<int64_t>& mine);

  Communicator comm_;
  std::string folder_;
  RowStore* states_;
  std::string name_, previous_;
  int64_t round_ = 0;  // the round before which the last cut was made
};

/// Throws FormatError unless the file is there and every row fits its checksum.
void check_client_states(const std::string& path);

}  // namespace medpfl
