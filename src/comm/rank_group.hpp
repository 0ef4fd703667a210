#pragma once
#include "comm/communicator.hpp"

namespace medpfl {

/// A part of the ranks of a communicator, which works by itself. Its end is collective too.
class RankGroup {
 public:
  /// Cuts `all` into groups of `size` neighbouring ranks; ranks that are too few for a group of
  /// their own join the last one. Collective.
  RankGroup(const Communicator& all, int size);
  ~RankGroup();
  RankGroup(const RankGroup&) = delete;
  RankGroup& operator=(const RankGroup&) = delete;

  int count() const { return count_; }    ///< of groups
  int number() const { return number_; }  ///< of this rank's group, from 0
  /// The ranks of this group, in their order; rank 0 is the first of them.
  const Communicator& comm() const { return comm_; }

 private:
  int count_, number_;
  Communicator comm_;
};

}  // namespace medpfl
