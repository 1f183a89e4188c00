/** The OpenAPI document and the page made of it. */
import { type ApiRoute, type OpenApiDocument, openApiDocument } from '../api/openapi.ts';
import type { Visit } from '../app.ts';
import { ApiDocsPage } from '../pages/api-docs.tsx';
import { htmlPage, json } from '../respond.ts';

/** Handlers for the routes given; the document is made once. */
export function apiDocs(routes: readonly ApiRoute[]) {
  let made: OpenApiDocument | undefined;
  const document = () => {
    made ??= openApiDocument(routes);
    return made;
  };
  return {
    showDocument: async (): Promise<Response> => json(document()),
    showPage: async (_request: Request, { identity }: Visit): Promise<Response> =>
      htmlPage(<ApiDocsPage document={document()} identity={identity} />),
  };
}
