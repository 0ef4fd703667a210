#include "results/resume/client_state_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "core/error.hpp"
#include "h5/parallel_file.hpp"
#include "h5/row_checksum.hpp"
#include "results/capture/parallel_output.hpp"
#include "results/folder/durable_file.hpp"
#include "results/folder/run_folder.hpp"

namespace medpfl {
namespace {

const std::string kSubfolder = "states";
const std::string kClients = "/client", kValues = "/values", kChecksums = "/checksum";
constexpr int64_t kPieceBytes = int64_t{32} << 20;

int64_t rows_of_a_piece(int64_t row) {
  return std::max<int64_t>(1, kPieceBytes / (row * static_cast<int64_t>(sizeof(float))));
}

// Rows first ... first + count - 1, compared with their checksums.
std::vector<float> read_rows(const h5::File& file, int64_t first, int64_t count) {
  std::vector<float> values = file.read_rows<float>(kValues, first, count);
  const auto sums = file.read_rows<int64_t>(kChecksums, first, count);
  const int64_t row = static_cast<int64_t>(values.size()) / count;
  for (int64_t i = 0; i < count; ++i)
    if (h5::row_checksum(values.data() + i * row, row) != sums[static_cast<size_t>(i)])
      throw FormatError(fmt::format("{}: the checksum of row {} does not fit: the file is damaged",
                                    file.path(), first + i));
  return values;
}

}  // namespace

ClientStateFile::ClientStateFile(const Communicator& comm, std::string folder, RowStore* states)
    : comm_(comm), folder_(std::move(folder)), states_(states) {
  comm_.agree([this] {
    if (comm_.is_root()) make_folder(folder_ + "/" + kSubfolder);
  });
}

void ClientStateFile::cut(int64_t next_round) {
  if (next_round == round_) return;
  const std::string partial = fmt::format("{}/{}/states.partial", folder_, kSubfolder);
  std::string name = fmt::format("{}/round-{:05d}.h5", kSubfolder, next_round);
  // What the checkpoint before the last one names goes now: the one that follows this cut will
  // take its place.
  comm_.agree([this] {
    if (comm_.is_root()) remove_unknown();
  });
  write(partial);
  comm_.agree([&] {
    if (comm_.is_root()) publish_file(partial, folder_ + "/" + name);
  });
  previous_ = std::move(name_);
  name_ = std::move(name);
  round_ = next_round;
}

void ClientStateFile::remove_unknown() const {
  remove_other_files(folder_, kSubfolder, {name_, previous_});
}

// The rows of rank 0, then those of rank 1, and so on.
void ClientStateFile::write(const std::string& path) const {
  const auto cannot_write = [&](const std::string& why) {
    return fmt::format("cannot write the hospitals' states to {}: {}", path, why);
  };
  const std::vector<int64_t> clients = states_->keys();
  const auto mine = static_cast<int64_t>(clients.size());
  ByteWriter count;
  count.value(mine);
  std::vector<int64_t> first = {0};
  for (const std::string& bytes : comm_.gather(count.take()))
    first.push_back(first.back() + ByteReader(bytes).value<int64_t>());
  first.resize(static_cast<size_t>(comm_.size()) + 1);
  comm_.broadcast(first.data(), static_cast<int64_t>(first.size() * sizeof(int64_t)));
  const int64_t row = states_->row_size(), rows = first.back();
  const int64_t begin = first[static_cast<size_t>(comm_.rank())];

  std::unique_ptr<h5::ParallelFile> file;
  agree_to_write(comm_, cannot_write, [&] {
    file = std::make_unique<h5::ParallelFile>(comm_, path);
    file->create<int64_t>(kClients, {rows}, {"hospital", "1", {"row"}});
    file->create<int64_t>(kChecksums, {rows}, {"CRC-32 of the row's bytes", "1", {"row"}});
    file->create<float>(kValues, {rows, row},
                        {"what the defenses keep of the hospital", "1", {"row", "value"}});
  });
  agree_to_write(comm_, cannot_write, [&] {
    const int64_t piece = rows_of_a_piece(row);
    std::vector<float> values(static_cast<size_t>(std::min(piece, mine) * row));
    for (int64_t done = 0; done < mine; done += piece) {
      std::vector<int64_t> places, sums;
      std::vector<const int64_t*> client_at, sum_at;
      std::vector<const float*> values_at;
      const int64_t n = std::min(piece, mine - done);
      for (int64_t i = 0; i < n; ++i) {
        float* to = values.data() + i * row;
        states_->read(clients[static_cast<size_t>(done + i)], to);
        sums.push_back(h5::row_checksum(to, row));
        places.push_back(begin + done + i);
        client_at.push_back(&clients[static_cast<size_t>(done + i)]);
        values_at.push_back(to);
      }
      for (const int64_t& sum : sums) sum_at.push_back(&sum);
      file->write_rows(kClients, places, client_at);
      file->write_rows(kChecksums, places, sum_at);
      file->write_rows(kValues, places, values_at);
    }
  });
  agree_to_write(comm_, cannot_write, [&] { file->close(); });
}

void ClientStateFile::restore(const std::string& name, int64_t next_round,
                              const std::vector<int64_t>& clients) {
  name_ = name;
  round_ = next_round;
  comm_.agree([&] {
    if (!name.empty()) read(folder_ + "/" + name, clients);
  });
}

void ClientStateFile::read(const std::string& path, const std::vector<int64_t>& mine) {
  const h5::File file = h5::File::open(path);
  const auto clients = file.read<int64_t>(kClients);
  const auto shape = file.shape(kValues);
  if (shape.size() != 2 || shape[1] != states_->row_size())
    throw FormatError(fmt::format("{}: states of another model or other defenses", path));
  const auto is_mine = [&](size_t row) {
    return std::binary_search(mine.begin(), mine.end(), clients[row]);
  };
  const auto most = static_cast<size_t>(rows_of_a_piece(states_->row_size()));
  for (size_t first = 0, end = 0; first < clients.size(); first = end) {
    end = first + 1;
    if (!is_mine(first)) continue;
    while (end < clients.size() && end - first < most && is_mine(end)) ++end;
    const std::vector<float> values =
        read_rows(file, static_cast<int64_t>(first), static_cast<int64_t>(end - first));
    for (size_t i = first; i < end; ++i)
      states_->write(clients[i],
                     values.data() + static_cast<int64_t>(i - first) * states_->row_size());
  }
}

void check_client_states(const std::string& path) {
  const h5::File file = h5::File::open(path);
  const auto shape = file.shape(kValues);
  const int64_t piece = rows_of_a_piece(std::max<int64_t>(1, shape.at(1)));
  for (int64_t first = 0; first < shape.at(0); first += piece)
    read_rows(file, first, std::min(piece, shape.at(0) - first));
}

}  // namespace medpfl
