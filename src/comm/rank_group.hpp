#pragma once
#include "comm/communicator.hpp"

namespace medpfl {

/// A group of ranks that works independently of the others. The destructor is collective.
class RankGroup {
 public:
  /// Divides `all` into groups of `size` neighboring ranks; ranks too few for a group of their own
  /// join the last group. Collective.
  RankGroup(const Communicator& all, int size);
  ~RankGroup();
  RankGroup(const RankGroup&) = delete;
  RankGroup& operator=(const RankGroup&) = delete;

  int count() const { return count_; }    ///< number of groups
  int number() const { return number_; }  ///< which group this rank is in, from 0
  /// Returns the ranks of this group, in their order; the first of them is rank 0 there.
  const Communicator& comm() const { return comm_; }

 private:
  int count_, number_;
  Communicator comm_;
};

}  // namespace medpfl
