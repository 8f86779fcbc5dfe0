import Engine
import Keyspace
import Primitives
import RESP

extension Administration {
    /// DEBUG RELOAD: what a restart would do to the data.
    static func debugReload(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) {
        var saves = true
        var empties = true
        var replaces = false
        for index in 2..<arguments.count {
            if arguments[index].matches("NOSAVE") {
                saves = false
            } else if arguments[index].matches("NOFLUSH") {
                empties = false
            } else if arguments[index].matches("MERGE") {
                replaces = true
            } else {
                throw context.failure("ERR DEBUG RELOAD only supports the MERGE, NOFLUSH and NOSAVE options.")
            }
        }
        if saves {
            do throws(SaveFailure) { try context.saveSnapshot() } catch { throw context.failure("ERR") }
        }
        if empties {
            for number in 0..<context.databaseCount {
                context.willReplace(DatabaseIndex(number))
                context.flush(DatabaseIndex(number), .now)
            }
            context.invalidateAll()
        }
        do throws(LoadFailure) {
            try context.loadSnapshot(replacing: replaces)
        } catch {
            if case .failed(let text) = error { context.requests.logLines.append(text) }
            throw context.failure("ERR Error trying to load the RDB dump, check server logs.")
        }
        context.requests.logLines.append("DB reloaded by DEBUG RELOAD")
        context.reply.ok()
    }
}
