import Synchronization
import System
import Testing

@Suite struct SystemTests {
    @Test func workerRunsJobsInOrder() {
        let worker = Worker()
        let order = Mutex<[Int]>([])
        for i in 0..<1000 { worker.submit { order.withLock { $0.append(i) } } }
        while worker.pending > 0 { Process.sleep(microseconds: 100) }
        #expect(order.withLock { $0 } == Array(0..<1000))
    }

    @Test func meterSeesWhatThisThreadHolds() {
        let meter = MemoryMeter()
        meter.addCurrentThread()
        let before = meter.used
        var held = [UInt8](repeating: 1, count: 10 << 20)
        held[5] = 2
        let with = meter.used
        #expect(with - before >= 10 << 20)
        #expect(held[5] == 2)
    }

    @Test func filesRoundTrip() throws {
        let path = "/tmp/needletail-test-\(Process.identifier)"
        let bytes = (0..<200_000).map { UInt8(truncatingIfNeeded: $0) }
        #expect(File.replace(path, with: bytes) == 0)
        #expect(try File.read(path) == bytes)
        File.remove(path)
        #expect(throws: FileError.self) { try File.read(path) }
    }

    @Test func randomnessDiffers() {
        #expect(Process.randomWord() != Process.randomWord())
        #expect(Process.randomBytes(20).count == 20)
    }
}
