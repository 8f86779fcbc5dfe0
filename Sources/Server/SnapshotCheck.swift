// What redis-check-rdb does, in its words: scripts look for them.

import Engine
import Keyspace
import Persistence
import Primitives
import System

/// A look at a file of snapshots without a server.
enum SnapshotCheck {
    /// Reads the file and says what is in it; the exit status.
    static func run(_ path: String) -> Int32 { end(of: path, shownAs: path) == nil ? 1 : 0 }

    /// Reads the file, or the snapshot that it begins with, and says what is in it: where the
    /// snapshot ends; nil when it is damaged.
    static func end(of path: String, shownAs name: String) -> Int? {
        say("[offset 0] Checking RDB file \(name)")
        let (file, bytes) = File.openForReading(path)
        guard file >= 0 else {
            say("Cannot open file \(name): \(FileError(number: -file).message)")
            return nil
        }
        defer { File.closeDescriptor(file) }
        let place = Place()
        var options = LoadOptions()
        options.discardsKeys = true
        options.now = TimeSource.machine().wallMicroseconds / 1000
        options.dropsExpiredAt = options.now
        options.observer = { tell($0, place.offset) }
        let source = ByteSource(total: bytes, checks: true) { File.read(file, &$0, $1) }
        let seed = HashSeed(Process.randomWord(), Process.randomWord())
        var keyspace = Keyspace(databaseCount: 1, partitionCount: 1, seed: seed)
        var loader = SnapshotLoader(source, limits(seed), options)
        do throws(SnapshotError) {
            while try !loader.step(into: &keyspace, bytes: 1, afterKey: {}) { place.offset = loader.offset }
            say("[offset \(loader.offset)] \\o/ RDB looks OK! \\o/")
            count(loader.file)
            return loader.offset
        } catch {
            report(error, loader.activity, loader.valueCode)
            count(loader.file)
            return nil
        }
    }

    /// How far the file is read, for lines that are written meanwhile.
    private final class Place { var offset = 0 }

    private static func limits(_ seed: HashSeed) -> LoadLimits {
        let values = ValueLimits()
        return LoadLimits(
            intsetEntries: values.setIntsetEntries, setEntries: values.setEntries, setBytes: values.setBytes,
            hashEntries: values.hashEntries, hashBytes: values.hashBytes,
            sortedSets: PackedLimits(count: values.sortedSetEntries, bytes: values.sortedSetBytes),
            lists: ListLimits(node: values.listNode, compressDepth: values.listCompressDepth), seed: seed)
    }

    private static func say(_ line: String) { File.write([UInt8](line + "\n"), to: 1) }

    private static func tell(_ event: SnapshotEvent, _ offset: Int) {
        switch event {
        case .field(let name, let value): say("[offset \(offset)] AUX FIELD \(name) = '\(value)'")
        case .database(let number): say("[offset \(offset)] Selecting DB ID \(number)")
        case .sum(let isChecked):
            say("[offset \(offset)] " + (isChecked ? "Checksum OK" : "RDB file was saved with checksum disabled: no check performed."))
        }
    }

    private static func report(_ error: SnapshotError, _ activity: LoadActivity, _ code: UInt8?) {
        say("--- RDB ERROR DETECTED ---")
        say("[offset \(error.offset)] " + (error.isTruncation ? "Unexpected EOF reading RDB file" : error.text))
        say("[additional info] While doing: \(activity.rawValue)")
        if let key = error.key { say("[additional info] Reading key '\(String(decoding: key, as: UTF8.self))'") }
        if let code { say("[additional info] Reading type \(code) (\(typeName(code)))") }
    }

    private static func count(_ file: LoadedFile) {
        say("[info] \(file.keys) keys read")
        say("[info] \(file.expiring) expires")
        say("[info] \(file.expired) already expired")
    }

    private static func typeName(_ code: UInt8) -> String {
        let names = [
            "string", "list-linked", "set-hashtable", "zset-v1", "hash-hashtable", "zset-v2", "module-pre-release",
            "module-value", "", "hash-zipmap", "list-ziplist", "set-intset", "zset-ziplist", "hash-ziplist", "quicklist",
            "stream", "hash-listpack", "zset-listpack", "quicklist-v2", "stream-v2", "set-listpack", "stream-v3",
            "hash-volatile-items", "hash-listpack-ex-old", "hash-metadata", "hash-listpack-ex",
        ]
        return Int(code) < names.count && !names[Int(code)].isEmpty ? names[Int(code)] : "unknown"
    }
}
