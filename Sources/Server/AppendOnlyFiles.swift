import Engine
import Persistence
import Primitives
import Synchronization
import System

/// The append-only file's disk: files in the current directory, and a worker that syncs and removes them.
final class AppendOnlyFiles: AppendOnlyHost {
    private let worker = Worker()
    private let result = Mutex<SyncResult?>(nil)
    private let hasResult = Atomic<Bool>(false)
    /// Ends the loop's sleep when a sync is done.
    private let wake: @Sendable () -> Void

    init(_ meter: MemoryMeter, wake: @escaping @Sendable () -> Void) {
        self.wake = wake
        if let counters = worker.waitForThreadCounters() { meter.add(counters) }
    }

    func makeDirectory(_ path: String) -> Int32 { File.makeDirectory(path) }
    func size(_ path: String) -> Int? { File.size(path) }

    func contents(_ path: String) -> (bytes: [UInt8], failure: Int32) {
        do throws(FileError) { return (try File.read(path), 0) } catch { return ([], error.number) }
    }

    func replace(_ path: String, _ bytes: [UInt8]) -> Int32 { File.replaceDurably(path, with: bytes) }
    func rename(_ old: String, _ new: String) -> Int32 { File.renameDurably(old, new) }
    func link(_ old: String, _ new: String) -> Int32 { File.linkDurably(old, new) }
    func isEmptyDirectory(_ path: String) -> Bool { File.isEmptyDirectory(path) }
    func removeDirectory(_ path: String) { File.removeDirectory(path) }
    func openForWriting(_ path: String, empties: Bool) -> Int32 { File.openForWriting(path, empties: empties) }
    func write(_ file: Int32, _ bytes: borrowing ByteChain, at offset: Int64) -> (count: Int, failure: Int32) {
        File.write(bytes, to: file, at: offset)
    }
    func truncate(_ file: Int32, to bytes: Int64) -> Int32 { File.truncate(file, to: bytes) }
    func sync(_ file: Int32) -> Int32 { File.syncData(file) }

    /// The name goes at once, for another file may get it; freeing the blocks of a large file takes time.
    func remove(_ path: String) {
        let (file, _) = File.openForReading(path)
        File.remove(path)
        if file >= 0 { worker.submit { File.closeDescriptor(file) } }
    }

    func beginSync(_ file: Int32, mark: JournalPosition, room: Range<Int64>?) {
        worker.submit { [self] in
            var failure = File.syncData(file)
            var end: Int64?
            // Only behind content that is on the disk: a length that is there ahead of its bytes tells of zeros.
            if let room, failure == 0 {
                end = Self.lengthen(file, by: room)
                failure = File.syncData(file)
            }
            result.withLock { $0 = SyncResult(mark: mark, failure: failure, roomEnd: end) }
            hasResult.store(true, ordering: .releasing)
            wake()
        }
    }

    /// Makes room at a file's end; where that ends, nil: nowhere.
    private static func lengthen(_ file: Int32, by room: Range<Int64>) -> Int64? {
        var bytes = ByteChain()
        bytes.append(AppendOnlyRoom.filling(room).rawSpan)
        guard File.write(bytes, to: file, at: room.lowerBound).failure == 0 else {
            _ = File.truncate(file, to: room.lowerBound)
            return nil
        }
        return room.upperBound
    }

    func takeSyncResult() -> SyncResult? {
        guard hasResult.exchange(false, ordering: .acquiring) else { return nil }
        return result.withLock { $0.take() }
    }

    func close(_ file: Int32) {
        worker.submit { [self] in
            _ = File.syncData(file)
            File.closeDescriptor(file)
            // A sync that was begun before ends with the file, and nobody waits for it any more.
            hasResult.store(false, ordering: .releasing)
        }
    }
}
