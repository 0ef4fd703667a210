#pragma once
#include <mpi.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/flat_parameters.hpp"

namespace medpfl {

/// The ranks of a job, and how they exchange data. Refers to an MPI communicator that it does not
/// own. Large buffers travel in pieces, so counts may exceed 2^31. All calls throw
/// CommunicationError where MPI fails.
class Communicator {
 public:
  explicit Communicator(MPI_Comm comm);

  int rank() const { return rank_; }
  int size() const { return size_; }
  bool is_root() const { return rank_ == 0; }
  MPI_Comm handle() const { return comm_; }  ///< for HDF5's MPI-IO driver

  // Collective calls.
  void barrier() const;
  /// Copies `n` bytes from rank 0 to all ranks, which must name the same n.
  void broadcast(void* data, int64_t n) const;
  /// Copies the values of rank 0's vector into those of all ranks, which have its layout.
  void broadcast(FlatParameters* parameters) const;
  /// Returns rank 0's text.
  std::string broadcast(std::string text) const;
  /// Adds up the data of all ranks element by element, in place on rank 0; on other ranks `data` is
  /// undefined afterwards. The MPI library chooses the order of addition, on which the last bits of
  /// float32 depend.
  void sum_to_root(int64_t* data, int64_t n) const;
  void sum_to_root(uint64_t* data, int64_t n) const;  ///< modulo 2^64
  void sum_to_root(float* data, int64_t n) const;
  /// Adds up the data of all ranks element by element, in place on all ranks. `medpfl benchmark
  /// comm` compares this with a sum to rank 0 and a broadcast.
  void sum_to_all(int64_t* data, int64_t n) const;
  void sum_to_all(float* data, int64_t n) const;
  /// Returns the largest value of any rank, on all ranks.
  double max(double value) const;
  /// Returns the texts of all ranks in their order on rank 0; elsewhere nothing.
  std::vector<std::string> gather(const std::string& text) const;

  /// Runs `action` on every rank. If any rank throws, all throw AgreedError with the message of the
  /// lowest failing rank, and its host if another; none hangs. Collective; `action` must not be.
  void agree(const std::function<void()>& action) const;

  // Messages between two ranks.

  /// Sends a text to one rank.
  void send(int rank, int tag, const std::string& text) const;
  struct Message {
    int rank = 0;
    std::string text;
  };
  /// Waits for a message with this tag from any rank and returns it.
  Message receive_any(int tag) const;
  /// Waits for a message with this tag from one rank and returns its text.
  std::string receive(int rank, int tag) const;
  /// Returns a message with this tag if one has arrived; does not wait.
  std::optional<Message> poll(int tag) const;

 private:
  MPI_Comm comm_;
  int rank_ = 0, size_ = 1;
};

}  // namespace medpfl
