#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "comm/communicator.hpp"
#include "core/bytes.hpp"
#include "federation/row_store.hpp"

namespace medpfl {

/// What the defenses keep of all hospitals, written by all ranks together into
/// `folder`/states/round-NNNNN.h5 for the checkpoint that names it, and read back on any number of
/// ranks. Files that the last two checkpoints name are kept.
class ClientStateFile {
 public:
  /// `states`: of this rank's hospitals; outlives this object. Collective. Throws AgreedError.
  ClientStateFile(const Communicator& comm, std::string folder, RowStore* states);

  /// Writes the states as they are before round `next_round`, unless that is done. Collective.
  /// Throws AgreedError.
  void cut(int64_t next_round);
  /// Of the last cut, relative to the folder; "" where no hospital has a state yet.
  const std::string& name() const { return name_; }

  /// Each rank reads the states of `hospitals`, its own, from file `name` of a checkpoint before
  /// round `next_round`. Collective. Throws AgreedError.
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
  int64_t round_ = 0;  // before which the last cut was
};

/// Throws FormatError unless the file is there and every row fits its checksum.
void check_client_states(const std::string& path);

}  // namespace medpfl
