#include "results/capture/gradient_capture.hpp"

#include <ATen/ops/full.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <set>

#include "../core/archive_trip.hpp"
#include "core/random.hpp"
#include "results/capture/capture_estimate.hpp"
#include "world.hpp"

namespace fs = std::filesystem;

namespace medpfl::gradient_capture_test {
namespace {

constexpr int64_t kClients = 5, kRounds = 4, kImages = 3;
constexpr RunSeeds kSeeds = {1, 1, 1, 1, 1};

Model small_model() {
  const auto& entry = models().find("mlp");
  ModelRequest request;
  request.input = {1, 8, 8};
  return entry.create(OptionValues::defaults(entry.options), request);
}

FederatedData clients(const Communicator& comm, const PixelFormat& pixels) {
  FederatedData data;
  data.pixels = pixels;
  for (int64_t i = 0; i < kImages * kClients; ++i) data.assignment.push_back(i % kClients);
  for (int64_t id = 0; id < kClients; ++id) {
    Client client;
    client.id = id;
    for (int64_t i = 0; i < kImages; ++i) client.positions.push_back(id + i * kClients);
    // Deep pixels are no levels of 8 bits.
    client.images = pixels.deep ? at::full({kImages, 1, 8, 8}, 0.125 * static_cast<double>(id))
                                : at::full({kImages, 1, 8, 8}, id, at::kByte);
    data.shard_sizes.push_back(kImages);
    // The last of several ranks has none.
    data.placement.push_back(static_cast<int>(id % std::max(1, comm.size() - 1)));
    if (data.placement.back() == comm.rank()) data.clients.push_back(std::move(client));
  }
  return data;
}

FlatParameters payload(const Model& model, int64_t round, int64_t client, int64_t probe) {
  FlatParameters out(model.layout());
  RandomStream random({1, Purpose::kBenchmark, static_cast<uint64_t>(round),
                       static_cast<uint64_t>(client), static_cast<uint64_t>(probe + 1)});
  for (int64_t i = 0; i < out.size(); ++i) out.data()[i] = static_cast<float>(random.normal());
  return out;
}

// A federation whose hospitals 1 and 3 are attacked in round 1, by two probes each.
class Rounds {
 public:
  explicit Rounds(const Communicator& comm, const PixelFormat& pixels = {})
      : comm_(comm), data_(clients(comm, pixels)) {
    settings_.rounds = kRounds;
  }
  Federation federation() const {
    return {comm_, model_, data_, *algorithm_, defenses_, settings_, targets_, kSeeds};
  }
  RoundPlan plan(int64_t round) const {
    return plan_round(round, data_.shard_sizes, 1, 0, kSeeds, targets_);
  }
  CaptureEstimate estimate(const CapturePolicy& policy) const {
    return estimate_capture(policy, model_, data_.shard_sizes, data_.pixels.bytes(), settings_,
                            targets_, kSeeds);
  }
  const Model& model() const { return model_; }

  // One round as the round loop makes it: messages in two parts.
  void play(GradientCapture* capture, int64_t round) const {
    const RoundPlan p = plan(round);
    std::vector<Message> first, second;
    for (size_t i = 0; i < p.clients.size(); ++i) {
      if (data_.placement[i] != comm_.rank()) continue;
      for (int64_t probe = -1; probe < p.probes[i]; ++probe) {
        Message m;
        m.round = round;
        m.client = p.clients[i];
        m.probe = probe;
        m.payload = payload(model_, round, m.client, probe);
        m.norm = m.payload.norm();
        m.images = {0, 2};
        (i < 3 ? first : second).push_back(std::move(m));
      }
    }
    capture->on_messages(p, FlatParameters(), first);
    capture->on_messages(p, FlatParameters(), second);
    capture->on_round_end(p, RoundRecord(), FlatParameters());
  }

 private:
  Communicator comm_;
  Model model_ = small_model();
  FederatedData data_;
  FederationSettings settings_;
  DefenseChain defenses_;
  std::unique_ptr<Algorithm> algorithm_ =
      algorithms().find("fedsgd").create.make({}, {model_, settings_, defenses_, kSeeds});
  AttackTargets targets_{Selection("1", kRounds, ""), Selection("1,3", kClients, ""), 2, 1};
};

template <class T>
std::vector<T> all_values(const std::string& folder, const GradientCapture& capture) {
  std::vector<T> out;
  for (const GradientSegment& segment : capture.segments()) {
    const auto part = h5::File::open(folder + "/" + segment.file).read<T>("/values");
    out.insert(out.end(), part.begin(), part.end());
  }
  return out;
}

std::set<std::string> files(const std::string& folder) {
  std::set<std::string> out;
  for (const auto& entry : fs::directory_iterator(folder + "/gradients"))
    out.insert(entry.path().filename().string());
  return out;
}

using archive_trip::save;

// What rank 0 saved, on every rank.
void restore(const Communicator& comm, const std::string& bytes, GradientCapture* capture) {
  comm.agree([&] { archive_trip::restore(bytes, capture); });
}

// All rows, in the order of rounds, hospitals and probes, as played; independent of the capture.
std::vector<float> expected_values(const Rounds& rounds) {
  std::vector<float> out;
  for (int64_t round = 0; round < kRounds; ++round) {
    const RoundPlan p = rounds.plan(round);
    for (size_t i = 0; i < p.clients.size(); ++i)
      for (int64_t probe = -1; probe < p.probes[i]; ++probe) {
        const FlatParameters row = payload(rounds.model(), round, p.clients[i], probe);
        out.insert(out.end(), row.data(), row.data() + row.size());
      }
  }
  return out;
}

void expect_all(const Rounds& rounds, const std::string& folder, const GradientCapture& capture) {
  EXPECT_EQ(all_values<float>(folder, capture), expected_values(rounds));
  const GradientRows& rows = capture.rows();
  EXPECT_EQ(rows.size(), kRounds * kClients + 4);
  EXPECT_EQ(rows.client[6], 1);
  EXPECT_EQ(rows.probe[6], -1);
  EXPECT_EQ(rows.probe[7], 0);
  EXPECT_EQ(rows.probe[8], 1);
  EXPECT_EQ(rows.images[7], (std::vector<int64_t>{1, 11}));
  EXPECT_EQ(h5::File::open(folder + "/gradients/images.h5").read<uint8_t>("/images")[65], 1);
  EXPECT_EQ(capture.image_positions().size(), static_cast<size_t>(kClients * kImages));
}

TEST(GradientCapture, HoldsTheSameHoweverSegmentsAreCut) {
  const Rounds rounds(world());
  PhaseTimers timers;
  const Federation federation = rounds.federation();
  for (const std::set<int64_t>& cuts : {std::set<int64_t>{}, {0}, {1, 2}, {0, 1, 2, 3}}) {
    const std::string folder = new_folder();
    GradientCapture capture(federation, folder, CapturePolicy(), &timers);
    for (int64_t round = 0; round < kRounds; ++round) {
      rounds.play(&capture, round);
      EXPECT_FALSE(capture.full());
      if (cuts.count(round) > 0) capture.cut();
    }
    capture.cut();
    capture.cut();
    capture.finish();
    EXPECT_EQ(capture.segments().size(), std::max<size_t>(1, cuts.size() + 1 - cuts.count(3)));
    if (world().is_root()) {
      expect_all(rounds, folder, capture);
      fs::remove_all(folder);
    }
    world().barrier();
  }
}

// What was written after the checkpoint is lost: a closed segment and an open one.
void resume_after(int64_t last_saved, const Communicator& then) {
  const Communicator comm = world();
  const Rounds rounds(comm);
  PhaseTimers timers;
  const Federation federation = rounds.federation();
  const std::string folder = new_folder();
  std::string bytes;
  {
    GradientCapture capture(federation, folder, CapturePolicy(), &timers);
    for (int64_t round = 0; round < kRounds; ++round) {
      rounds.play(&capture, round);
      if (round == last_saved) {
        capture.cut();
        bytes = comm.broadcast(save(&capture));
      }
      if (round == last_saved + 1) capture.cut();
    }
  }
  comm.barrier();
  if (then.size() == comm.size() || comm.is_root()) {
    const Rounds again(then);
    const Federation second = again.federation();
    GradientCapture capture(second, folder, CapturePolicy(), &timers);
    restore(then, bytes, &capture);
    if (then.is_root()) capture.remove_unknown();
    then.barrier();
    if (then.is_root()) {
      EXPECT_EQ(save(&capture), bytes);
      EXPECT_EQ(files(folder), (std::set<std::string>{"segment-00000.h5"}));
    }
    for (int64_t round = last_saved + 1; round < kRounds; ++round) again.play(&capture, round);
    capture.finish();
    if (then.is_root()) {
      expect_all(again, folder, capture);
      EXPECT_EQ(files(folder),
                last_saved + 1 < kRounds
                    ? (std::set<std::string>{"images.h5", "segment-00000.h5", "segment-00001.h5"})
                    : (std::set<std::string>{"images.h5", "segment-00000.h5"}));
    }
  }
  comm.barrier();
  if (comm.is_root()) fs::remove_all(folder);
}

TEST(GradientCapture, GoesOnAfterACheckpoint) {
  for (int64_t last_saved = 0; last_saved < kRounds; ++last_saved)
    resume_after(last_saved, world());
}

TEST(GradientCapture, GoesOnWithAnotherNumberOfRanks) {
  resume_after(1, Communicator(MPI_COMM_SELF));
}

TEST(GradientCapture, RefusesToGoOnWithoutItsSegments) {
  const Rounds rounds(world());
  PhaseTimers timers;
  const Federation federation = rounds.federation();
  const std::string folder = new_folder();
  GradientCapture capture(federation, folder, CapturePolicy(), &timers);
  rounds.play(&capture, 0);
  EXPECT_THROW(save(&capture), Error);
  capture.cut();
  const std::string bytes = world().broadcast(save(&capture));
  if (world().is_root()) fs::remove(folder + "/gradients/segment-00000.h5");
  world().barrier();
  GradientCapture second(federation, folder, CapturePolicy(), &timers);
  const std::string missing = folder +
                              "/gradients/segment-00000.h5 is missing, which the checkpoint needs: "
                              "put it back, or start the run anew";
  const std::string expected = as_told(world(), missing, 0);
  try {
    restore(world(), bytes, &second);
    ADD_FAILURE() << "restored";
  } catch (const AgreedError& error) {
    EXPECT_EQ(error.code(), ExitCode::kOutput);
    EXPECT_EQ(std::string(error.what()), expected);
  }
  world().barrier();
  if (world().is_root()) fs::remove_all(folder);
}

// Numbers of numpy.float16 and torch.bfloat16: ties go to even, too large becomes infinite.
TEST(GradientCapture, RoundsToTheNearest) {
  const Communicator comm = world();
  const Rounds rounds(comm);
  const Federation federation = rounds.federation();
  PhaseTimers timers;
  const std::vector<float> in = {1 + 0x1p-11F, 1 + 0x3p-11F, 65519.99F,   65520,       0x1p-25F,
                                 0x3p-25F,     1 + 0x1p-8F,  1 + 0x3p-8F, -3.3895e38F, -0.0F};
  const float inf = std::numeric_limits<float>::infinity();
  const std::vector<std::pair<Precision, std::vector<float>>> expected = {
      {Precision::kFloat16,
       {1, 1.001953125F, 65504, inf, 0, 1.1920928955078125e-07F, 1.00390625F, 1.01171875F, -inf,
        -0.0F}},
      {Precision::kBfloat16,
       {1, 1, 65536, 65536, 2.9802322387695312e-08F, 8.940696716308594e-08F, 1, 1.015625F,
        -3.3895313892515355e+38F, -0.0F}}};
  for (const auto& [precision, out] : expected) {
    const std::string folder = new_folder();
    CapturePolicy policy;
    policy.precision = precision;
    policy.clients = Selection("0,2", kClients, "");
    GradientCapture capture(federation, folder, policy, &timers);
    RoundPlan plan = rounds.plan(0);
    std::vector<Message> messages;
    for (const Client& client : federation.data.clients) {
      Message m;
      m.client = client.id;
      m.payload = FlatParameters(rounds.model().layout());
      std::copy(in.begin(), in.end(), m.payload.data());
      messages.push_back(std::move(m));
    }
    capture.on_messages(plan, FlatParameters(), messages);
    capture.on_round_end(plan, RoundRecord(), FlatParameters());
    capture.cut();
    if (comm.is_root()) {
      const int64_t columns = rounds.model().layout().size();
      // HDF5 itself turns the stored type into float32.
      const auto values = all_values<float>(folder, capture);
      ASSERT_EQ(values.size(), static_cast<size_t>(2 * columns));
      for (size_t i = 0; i < out.size(); ++i) {
        EXPECT_EQ(values[i], out[i]) << word_of(precision) << " of " << in[i];
        EXPECT_EQ(std::signbit(values[i]), std::signbit(out[i]));
      }
      EXPECT_EQ(capture.overflowed(), precision == Precision::kFloat16 ? 4 : 0);
      fs::remove_all(folder);
    }
    comm.barrier();
  }
}

TEST(GradientCapture, DeepImagesStayReal) {
  const Rounds rounds(world(), pixel_format({}, 65535));
  const Federation federation = rounds.federation();
  PhaseTimers timers;
  const std::string folder = new_folder();
  GradientCapture capture(federation, folder, CapturePolicy(), &timers);
  for (int64_t round = 0; round < kRounds; ++round) rounds.play(&capture, round);
  capture.finish();
  if (world().is_root()) {
    const auto pixels = h5::File::open(folder + "/gradients/images.h5").read<float>("/images");
    for (const int64_t image : {1, 3})
      EXPECT_EQ(pixels[static_cast<size_t>(image * 64)], image * 0.125F);
    EXPECT_EQ(rounds.estimate(CapturePolicy()).image_bytes, kClients * kImages * 64 * 4);
    fs::remove_all(folder);
  }
  world().barrier();
}

TEST(CaptureEstimate, IsTheSizeOfTheFiles) {
  const Rounds rounds(world());
  const Federation federation = rounds.federation();
  PhaseTimers timers;
  CapturePolicy all, half, some;
  half.precision = Precision::kFloat16;
  some.rounds = Selection("1,3", kRounds, "");
  some.layers = {"*weight"};
  some.precision = Precision::kBfloat16;
  for (const CapturePolicy& policy : {all, half, some}) {
    const std::string folder = new_folder();
    GradientCapture capture(federation, folder, policy, &timers);
    for (int64_t round = 0; round < kRounds; ++round) rounds.play(&capture, round);
    capture.finish();
    if (world().is_root()) {
      const CaptureEstimate estimate = rounds.estimate(policy);
      EXPECT_EQ(estimate.rows, capture.rows().size());
      EXPECT_EQ(estimate.image_bytes, kClients * kImages * 64);
      EXPECT_EQ(estimate.value_bytes,
                estimate.rows * columns_of(capture.layers()) * value_bytes(policy.precision));
      int64_t bytes = 0;
      for (const auto& entry : fs::directory_iterator(folder + "/gradients"))
        bytes += static_cast<int64_t>(entry.file_size());
      EXPECT_NEAR(static_cast<double>(estimate.file_bytes) / static_cast<double>(bytes), 1, 0.02)
          << bytes << " bytes";
      fs::remove_all(folder);
    }
    world().barrier();
  }
}

}  // namespace
}  // namespace medpfl::gradient_capture_test
