#include "comm/rank_group.hpp"

#include <algorithm>
#include <exception>

#include "comm/check.hpp"

namespace medpfl {
namespace {

MPI_Comm split(const Communicator& all, int group) {
  MPI_Comm part = MPI_COMM_NULL;
  check_mpi(MPI_Comm_split(all.handle(), group, all.rank(), &part), "MPI_Comm_split");
  return part;
}

}  // namespace

RankGroup::RankGroup(const Communicator& all, int size)
    : count_(std::max(1, all.size() / size)),
      number_(std::min(all.rank() / size, count_ - 1)),
      comm_(split(all, number_)) {}

RankGroup::~RankGroup() {
  // An error of one rank may be under way: the others would not come.
  if (std::uncaught_exceptions() > 0) return;
  MPI_Comm handle = comm_.handle();
  MPI_Comm_free(&handle);
}

}  // namespace medpfl
