#include "comm/rank_place.hpp"

#include <cstdlib>

#include "comm/check.hpp"
#include "comm/gpu.hpp"
#include "core/bytes.hpp"
#include "core/process.hpp"

namespace medpfl {
namespace {

int rank_on_host(const Communicator& comm) {
  MPI_Comm host = MPI_COMM_NULL;
  check_mpi(
      MPI_Comm_split_type(comm.handle(), MPI_COMM_TYPE_SHARED, comm.rank(), MPI_INFO_NULL, &host),
      "MPI_Comm_split_type");
  int rank = 0;
  check_mpi(MPI_Comm_rank(host, &rank), "MPI_Comm_rank");
  check_mpi(MPI_Comm_free(&host), "MPI_Comm_free");
  return rank;
}

}  // namespace

RankPlace find_place(const Communicator& comm, int threads, DeviceChoice device) {
  RankPlace place;
  place.host = host_name();
  place.local_rank = rank_on_host(comm);
  place.cpus = allowed_cpus();
  comm.agree([&] {
    place.threads = threads > 0 ? threads : allocated_threads(std::getenv);
    // The driver is asked only where its answer matters: loading it takes time and memory.
    const bool ask = device != DeviceChoice::kCpu && torch_has_cuda();
    const VisibleGpus visible = ask ? visible_gpus() : VisibleGpus();
    if (device == DeviceChoice::kAuto) place.missing_gpu = missing_gpu(torch_has_cuda(), visible);
    if (const auto gpu = choose_gpu(device, torch_has_cuda(), visible, place.local_rank)) {
      place.gpu = *gpu;
      place.device = visible.gpus[static_cast<size_t>(*gpu)].name;
      place.device_uuid = visible.gpus[static_cast<size_t>(*gpu)].uuid;
    }
  });
  return place;
}

std::vector<RankPlace> gather_places(const Communicator& comm, const RankPlace& mine) {
  ByteWriter out;
  out.text(mine.host);
  out.value(mine.local_rank);
  out.array(mine.cpus);
  out.value(mine.threads);
  out.value(mine.gpu);
  out.text(mine.device);
  out.text(mine.device_uuid);
  out.text(mine.missing_gpu);
  std::vector<RankPlace> all;
  for (const std::string& bytes : comm.gather(out.take())) {
    ByteReader in(bytes);
    RankPlace place;
    place.host = in.text();
    place.local_rank = in.value<int>();
    place.cpus = in.array<int>();
    place.threads = in.value<int>();
    place.gpu = in.value<int>();
    place.device = in.text();
    place.device_uuid = in.text();
    place.missing_gpu = in.text();
    all.push_back(std::move(place));
  }
  return all;
}

}  // namespace medpfl
