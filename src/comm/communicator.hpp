#pragma once
#include <mpi.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/flat_parameters.hpp"

namespace medpfl {

/// The ranks of a job. A value that refers to an MPI communicator it does not own. Large buffers
/// travel in pieces, so counts may exceed 2^31. All calls throw CommunicationError.
class Communicator {
 public:
  explicit Communicator(MPI_Comm comm);

  int rank() const { return rank_; }
  int size() const { return size_; }
  bool is_root() const { return rank_ == 0; }
  MPI_Comm handle() const { return comm_; }  ///< for HDF5's MPI-IO driver

  // Collective calls.
  void barrier() const;
  /// Rank 0's bytes to all; `n` is the same everywhere.
  void broadcast(void* data, int64_t n) const;
  void broadcast(FlatParameters* parameters) const;
  std::string broadcast(std::string text) const;
  /// Element-wise sum to rank 0, in place there; other ranks' data is left undefined. The order of
  /// addition, which float32 shows in its last bits, is up to the MPI library.
  void sum_to_root(int64_t* data, int64_t n) const;
  void sum_to_root(uint64_t* data, int64_t n) const;  ///< modulo 2^64
  void sum_to_root(float* data, int64_t n) const;
  /// The same to all ranks. medpfl benchmark comm compares it with a sum to rank 0 and a broadcast.
  void sum_to_all(int64_t* data, int64_t n) const;
  void sum_to_all(float* data, int64_t n) const;
  /// Largest value of any rank, on all ranks.
  double max(double value) const;
  /// Every rank's text, in the order of ranks; empty except on rank 0.
  std::vector<std::string> gather(const std::string& text) const;

  /// Runs `action` on every rank. If any rank throws, all ranks throw AgreedError with the message
  /// of the lowest failing rank, so that the job ends in order. Collective; `action` must not be.
  void agree(const std::function<void()>& action) const;

  // Messages between two ranks.
  void send(int rank, int tag, const std::string& text) const;
  struct Message {
    int rank = 0;
    std::string text;
  };
  /// Waits for a message with this tag from any rank.
  Message receive_any(int tag) const;
  /// Waits for a message with this tag from one rank.
  std::string receive(int rank, int tag) const;
  /// A message with this tag that has arrived, if any.
  std::optional<Message> poll(int tag) const;

 private:
  MPI_Comm comm_;
  int rank_ = 0, size_ = 1;
};

}  // namespace medpfl
