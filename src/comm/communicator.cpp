#include "comm/communicator.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "comm/check.hpp"
#include "core/bytes.hpp"
#include "core/process.hpp"

namespace medpfl {
namespace {

// Elements of one MPI call; well below 2^31 and large enough to cost nothing.
constexpr int64_t kPiece = int64_t{1} << 26;

// Bytes of one reduction. Open MPI takes a temporary buffer for each call; from 32 MiB on malloc
// maps it anew every time, which costs ten times the sum itself (docs/decisions/0006).
constexpr int64_t kReductionBytes = int64_t{8} << 20;

template <class Call>
void in_pieces(int64_t n, const Call& call, int64_t piece = kPiece) {
  for (int64_t at = 0; at < n; at += piece) call(at, static_cast<int>(std::min(piece, n - at)));
}

constexpr int kGatherTag = 1;

MPI_Datatype type_of(const int64_t*) { return MPI_INT64_T; }
MPI_Datatype type_of(const uint64_t*) { return MPI_UINT64_T; }
MPI_Datatype type_of(const float*) { return MPI_FLOAT; }

template <class T>
void add_up_on_root(const Communicator& comm, T* data, int64_t n) {
  const auto reduce = [&](int64_t at, int count) {
    check_mpi(MPI_Reduce(comm.is_root() ? MPI_IN_PLACE : data + at, data + at, count, type_of(data),
                         MPI_SUM, 0, comm.handle()),
              "MPI_Reduce");
  };
  in_pieces(n, reduce, kReductionBytes / static_cast<int64_t>(sizeof(T)));
}

template <class T>
void add_up_on_all(const Communicator& comm, T* data, int64_t n) {
  const auto reduce = [&](int64_t at, int count) {
    check_mpi(MPI_Allreduce(MPI_IN_PLACE, data + at, count, type_of(data), MPI_SUM, comm.handle()),
              "MPI_Allreduce");
  };
  in_pieces(n, reduce, kReductionBytes / static_cast<int64_t>(sizeof(T)));
}

// Returns the text of one rank, below 2 GiB, on all ranks.
std::string text_of(const Communicator& comm, int rank, std::string text) {
  auto length = static_cast<int64_t>(text.size());
  check_mpi(MPI_Bcast(&length, 1, MPI_INT64_T, rank, comm.handle()), "MPI_Bcast");
  text.resize(static_cast<size_t>(length));
  check_mpi(MPI_Bcast(text.data(), static_cast<int>(length), MPI_BYTE, rank, comm.handle()),
            "MPI_Bcast");
  return text;
}

}  // namespace

Communicator::Communicator(MPI_Comm comm) : comm_(comm) {
  check_mpi(MPI_Comm_rank(comm, &rank_), "MPI_Comm_rank");
  check_mpi(MPI_Comm_size(comm, &size_), "MPI_Comm_size");
}

void Communicator::barrier() const { check_mpi(MPI_Barrier(comm_), "MPI_Barrier"); }

void Communicator::broadcast(void* data, int64_t n) const {
  in_pieces(n, [&](int64_t at, int count) {
    check_mpi(MPI_Bcast(static_cast<char*>(data) + at, count, MPI_BYTE, 0, comm_), "MPI_Bcast");
  });
}

void Communicator::broadcast(FlatParameters* parameters) const {
  broadcast(parameters->data(), parameters->size() * static_cast<int64_t>(sizeof(float)));
}

std::string Communicator::broadcast(std::string text) const {
  auto n = static_cast<int64_t>(text.size());
  broadcast(&n, sizeof n);
  text.resize(static_cast<size_t>(n));
  broadcast(text.data(), n);
  return text;
}

void Communicator::sum_to_root(int64_t* data, int64_t n) const { add_up_on_root(*this, data, n); }
void Communicator::sum_to_root(uint64_t* data, int64_t n) const { add_up_on_root(*this, data, n); }
void Communicator::sum_to_root(float* data, int64_t n) const { add_up_on_root(*this, data, n); }
void Communicator::sum_to_all(int64_t* data, int64_t n) const { add_up_on_all(*this, data, n); }
void Communicator::sum_to_all(float* data, int64_t n) const { add_up_on_all(*this, data, n); }

double Communicator::max(double value) const {
  double out = value;
  check_mpi(MPI_Allreduce(&value, &out, 1, MPI_DOUBLE, MPI_MAX, comm_), "MPI_Allreduce");
  return out;
}

std::vector<std::string> Communicator::gather(const std::string& text) const {
  if (!is_root()) {
    send(0, kGatherTag, text);
    return {};
  }
  std::vector<std::string> all;
  all.push_back(text);
  for (int rank = 1; rank < size_; ++rank) all.push_back(receive(rank, kGatherTag));
  return all;
}

void Communicator::agree(const std::function<void()>& action) const {
  ExitCode code = ExitCode::kOk;
  std::string message;
  try {
    action();
  } catch (const Error& error) {
    code = error.code();
    message = error.what();
  } catch (const std::exception& error) {
    code = ExitCode::kInternal;
    message = error.what();
  }
  int failing = code == ExitCode::kOk ? size_ : rank_;
  int first = failing;
  check_mpi(MPI_Allreduce(&failing, &first, 1, MPI_INT, MPI_MIN, comm_), "MPI_Allreduce");
  if (first == size_) return;
  int value = static_cast<int>(code);
  check_mpi(MPI_Bcast(&value, 1, MPI_INT, first, comm_), "MPI_Bcast");
  message = text_of(*this, first, std::move(message));
  // What is missing there may be here.
  const std::string host = text_of(*this, first, host_name());
  if (host != host_name()) message += fmt::format(" (on {})", host);
  throw AgreedError(static_cast<ExitCode>(value), message);
}

void Communicator::send(int rank, int tag, const std::string& text) const {
  const auto n = static_cast<int64_t>(text.size());
  check_mpi(MPI_Send(&n, 1, MPI_INT64_T, rank, tag, comm_), "MPI_Send");
  in_pieces(n, [&](int64_t at, int count) {
    check_mpi(MPI_Send(text.data() + at, count, MPI_BYTE, rank, tag, comm_), "MPI_Send");
  });
}

std::string Communicator::receive(int rank, int tag) const {
  int64_t n = 0;
  check_mpi(MPI_Recv(&n, 1, MPI_INT64_T, rank, tag, comm_, MPI_STATUS_IGNORE), "MPI_Recv");
  std::string text(static_cast<size_t>(n), '\0');
  in_pieces(n, [&](int64_t at, int count) {
    check_mpi(MPI_Recv(text.data() + at, count, MPI_BYTE, rank, tag, comm_, MPI_STATUS_IGNORE),
              "MPI_Recv");
  });
  return text;
}

Communicator::Message Communicator::receive_any(int tag) const {
  MPI_Status status;
  check_mpi(MPI_Probe(MPI_ANY_SOURCE, tag, comm_, &status), "MPI_Probe");
  return {status.MPI_SOURCE, receive(status.MPI_SOURCE, tag)};
}

std::optional<Communicator::Message> Communicator::poll(int tag) const {
  int arrived = 0;
  MPI_Status status;
  check_mpi(MPI_Iprobe(MPI_ANY_SOURCE, tag, comm_, &arrived, &status), "MPI_Iprobe");
  if (arrived == 0) return std::nullopt;
  return Message{status.MPI_SOURCE, receive(status.MPI_SOURCE, tag)};
}

}  // namespace medpfl
