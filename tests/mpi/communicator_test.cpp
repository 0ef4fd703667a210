#include "comm/communicator.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

#include "comm/exact_sum.hpp"
#include "core/error.hpp"
#include "world.hpp"

namespace medpfl {
namespace {

TEST(Communicator, BroadcastsRankZero) {
  const Communicator comm = world();
  EXPECT_EQ(comm.broadcast(comm.is_root() ? std::string("hello") : std::string("other text")),
            "hello");
  EXPECT_EQ(comm.broadcast(std::string()), "");
}

TEST(Communicator, SumsToRoot) {
  const Communicator comm = world();
  std::vector<int64_t> data = {comm.rank() + 1, int64_t{1} << 40};
  comm.sum_to_root(data.data(), 2);
  if (comm.is_root()) {
    EXPECT_EQ(data[0], comm.size() * (comm.size() + 1) / 2);
    EXPECT_EQ(data[1], comm.size() * (int64_t{1} << 40));
  }
}

// Longer than one reduction carries (8 MiB), and not a whole number of pieces; small integers,
// which float32 adds without rounding.
template <class T>
void check_long_sums() {
  const Communicator comm = world();
  const auto n = static_cast<int64_t>((size_t{20} << 20) / sizeof(T) + 3);
  const auto fill = [&] {
    std::vector<T> data(static_cast<size_t>(n));
    for (int64_t i = 0; i < n; ++i)
      data[static_cast<size_t>(i)] = static_cast<T>(i % 1000 + comm.rank());
    return data;
  };
  const auto expect_sum = [&](const std::vector<T>& data) {
    const int64_t ranks = comm.size(), offset = ranks * (ranks - 1) / 2;
    int64_t wrong = 0;
    for (int64_t i = 0; i < n; ++i)
      if (data[static_cast<size_t>(i)] != static_cast<T>(i % 1000 * ranks + offset)) ++wrong;
    EXPECT_EQ(wrong, 0);
  };
  std::vector<T> data = fill();
  comm.sum_to_root(data.data(), n);
  if (comm.is_root()) expect_sum(data);
  data = fill();
  comm.sum_to_all(data.data(), n);
  expect_sum(data);
}

TEST(Communicator, LongSumsTravelInPieces) {
  check_long_sums<int64_t>();
  check_long_sums<float>();
}

TEST(Communicator, GathersInTheOrderOfRanks) {
  const Communicator comm = world();
  const auto all = comm.gather(std::string(static_cast<size_t>(comm.rank()), 'x'));
  EXPECT_EQ(all.size(), comm.is_root() ? static_cast<size_t>(comm.size()) : 0U);
  for (size_t r = 0; r < all.size(); ++r) EXPECT_EQ(all[r].size(), r);
  EXPECT_EQ(comm.max(comm.rank()), comm.size() - 1);
}

TEST(Communicator, AgreesOnTheFailureOfOneRank) {
  const Communicator comm = world();
  std::string message;
  ExitCode code = ExitCode::kOk;
  try {
    comm.agree([&] {
      if (comm.rank() == comm.size() - 1) throw DataError("image 7 is broken");
    });
  } catch (const AgreedError& error) {
    message = error.what();
    code = error.code();
  }
  EXPECT_EQ(message, as_told(comm, "image 7 is broken", comm.size() - 1));
  EXPECT_EQ(code, ExitCode::kData);
  EXPECT_NO_THROW(comm.agree([] {}));
}

TEST(Communicator, PassesMessagesInARing) {
  const Communicator comm = world();
  if (comm.size() == 1) {
    EXPECT_FALSE(comm.poll(9).has_value());
    return;
  }
  const int next = (comm.rank() + 1) % comm.size();
  const int previous = (comm.rank() + comm.size() - 1) % comm.size();
  comm.send(next, 9, std::to_string(comm.rank()));
  const Communicator::Message got = comm.receive_any(9);
  EXPECT_EQ(got.rank, previous);
  EXPECT_EQ(got.text, std::to_string(previous));
}

TEST(ExactSum, SameBitsForAnyNumberOfRanks) {
  const Communicator comm = world();
  constexpr int kTerms = 12;
  ExactSum shared(3), alone(3);
  for (int t = 0; t < kTerms; ++t) {
    const std::vector<float> values = {0.1F * static_cast<float>(t), -1e-7F * static_cast<float>(t),
                                       1e5F};
    if (t % comm.size() == comm.rank()) shared.add(values.data(), 3, 1.0 / kTerms, "t", 0);
    alone.add(values.data(), 3, 1.0 / kTerms, "t", 0);
  }
  shared.reduce(comm);
  for (int64_t i = 0; comm.is_root() && i < 3; ++i) EXPECT_EQ(shared[i], alone[i]);
}

// Longer than one MPI call carries (2^26 bytes), and not a whole number of pieces.
TEST(Communicator, LongTextsTravelInPieces) {
  const Communicator comm = world();
  const size_t length = (size_t{1} << 26) + 5;
  std::string text;
  if (comm.is_root()) {
    text.assign(length, 'a');
    text.front() = 'f';
    text[length - 6] = 'x';  // the last of the first piece
    text[length - 5] = 'y';  // the first of the second
    text.back() = 'z';
  }
  const auto check = [&](const std::string& got) {
    EXPECT_EQ(got.size(), length);
    if (got.size() != length) return;
    EXPECT_EQ(got.front(), 'f');
    EXPECT_EQ(got.substr(length - 7), "axyaaaz");
  };
  check(comm.broadcast(text));
  if (comm.is_root() && comm.size() > 1) comm.send(comm.size() - 1, 12, text);
  if (!comm.is_root() && comm.rank() == comm.size() - 1) check(comm.receive(0, 12));
}

TEST(Communicator, BroadcastsParameters) {
  const Communicator comm = world();
  ParameterLayout layout;
  layout.add("weight", {2, 2});
  FlatParameters parameters(layout);
  parameters.fill(comm.is_root() ? 1.5F : -1.0F);
  comm.broadcast(&parameters);
  EXPECT_EQ(parameters.norm(), 3.0);
}

TEST(Communicator, AgreesOnTheLowestFailingRank) {
  const Communicator comm = world();
  std::string message;
  ExitCode code = ExitCode::kOk;
  try {
    comm.agree([&] { throw std::runtime_error("rank " + std::to_string(comm.rank())); });
  } catch (const AgreedError& error) {
    message = error.what();
    code = error.code();
  }
  EXPECT_EQ(message, as_told(comm, "rank 0", 0));
  EXPECT_EQ(code, ExitCode::kInternal);
}

TEST(Communicator, ReceivesFromOneRankAndPolls) {
  const Communicator comm = world();
  if (!comm.is_root()) {
    comm.send(0, 10, "first of " + std::to_string(comm.rank()));
    comm.send(0, 11, std::string());
  } else {
    // Against the order of ranks: only the named rank's message may be taken.
    for (int rank = comm.size() - 1; rank > 0; --rank)
      EXPECT_EQ(comm.receive(rank, 10), "first of " + std::to_string(rank));
    std::vector<int> seen(static_cast<size_t>(comm.size()), 0);
    for (int missing = comm.size() - 1; missing > 0;) {
      const auto message = comm.poll(11);
      if (!message) continue;
      EXPECT_EQ(message->text, "");
      ++seen[static_cast<size_t>(message->rank)];
      --missing;
    }
    for (size_t rank = 1; rank < seen.size(); ++rank) EXPECT_EQ(seen[rank], 1);
    EXPECT_FALSE(comm.poll(11).has_value());
  }
  comm.barrier();
}

}  // namespace
}  // namespace medpfl
