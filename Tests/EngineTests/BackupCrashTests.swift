import Engine
import Primitives
import Testing
import TestSupport

/// The server loses power right behind the seal of a backup: it is whole on the disk.
@Suite struct BackupCrashTests {
    @Test(arguments: [true, false])
    func whatIsSealedIsOnTheDisk(_ isEnabled: Bool) {
        let disk = SimulatedDisk()
        let server = TestServer { $0.appendOnly.isEnabled = isEnabled }
        #expect(server.startAppendOnlyFile(on: disk) == nil)
        let client = server.connect()
        func write(_ count: Int) {
            for index in 0..<count { _ = client("RPUSH", "l\(index % 7)", "\(index)") }
            server.turn()
        }
        write(50)
        #expect(client("BACKUP", "START") == "OK")
        server.runRewriteChild(on: disk)
        _ = client("SELECT", "3")
        write(50)
        server.cycle()
        write(50)
        #expect(client("BACKUP", "SEAL") == "OK")
        let (contents, digest) = (disk.contents, server.engine.digest(at: .min))
        write(50)
        #expect(server.engine.digest(at: .min) != digest)
        for seed in 0..<60 as Range<UInt64> {
            var random = RandomGenerator(seed: seed)
            var files: [String: [UInt8]] = [:]
            for (name, bytes) in contents.survivors(&random) where name.contains("/backupdir/") {
                files["appendonlydir/" + (name.split(separator: "/").last.map(String.init) ?? "")] = bytes
            }
            #expect(files.count == 3, "seed \(seed)")
            let next = TestServer { $0.appendOnly.isEnabled = true }
            #expect(next.startAppendOnlyFile(on: SimulatedDisk(files)) == nil, "seed \(seed)")
            #expect(next.engine.digest(at: .min) == digest, "seed \(seed)")
        }
    }
}
